import { Worker } from 'node:worker_threads';
import { LedgerError } from '../error.ts';
import type { CallEvents, CallRequest, CallTransport } from '../gateway/index.ts';
import type { EngineControl } from './control.ts';
import type { LocalEngineOptions } from './local-engine.ts';
import {
  batching,
  unpacked,
  type ControlMethod,
  type Failure,
  type FromEngine,
  type Parcel,
  type ToEngine,
} from './worker-protocol.ts';

/** Most of what a transaction allocates is dead when its block is committed; V8's default would copy it around before. */
const YOUNG_GENERATION_MB = 64;

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The engine in a worker thread: calls and control cross as messages, their contents as bytes. */
export async function startWorkerEngine(
  options: Omit<LocalEngineOptions, 'clock' | 'storage'>,
): Promise<{ transport: CallTransport; control: EngineControl }> {
  const worker = new Worker(new URL('./engine.worker.ts', import.meta.url), {
    workerData: options,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  const connection = new Connection(worker);
  await connection.ready;
  return { transport: connection, control: connection.control() };
}

class Connection implements CallTransport {
  readonly #worker: Worker;
  readonly #calls = new Map<number, CallEvents>();
  readonly #pending = new Map<number, Pending>();
  readonly #post: (item: ToEngine) => void;
  readonly ready: Promise<void>;
  #nextId = 0;
  #markReady: () => void = () => undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    this.#post = batching((parcel, handedOver) => worker.postMessage(parcel, handedOver));
    this.ready = new Promise((resolve, reject) => {
      this.#markReady = resolve;
      worker.once('error', reject);
    });
    worker.on('message', (parcel: Parcel<FromEngine>) => {
      for (const item of unpacked(parcel)) this.#receive(item);
    });
    worker.on('error', (error) => this.#lose(error.message));
    worker.on('exit', () => this.#lose('the engine has ended'));
  }

  open({ request: bytes, ...request }: CallRequest, events: CallEvents) {
    const id = this.#nextId++;
    this.#calls.set(id, events);
    this.#post({ kind: 'open', id, request, bytes });
    return {
      write: (bytes: Uint8Array) => this.#post({ kind: 'write', id, bytes }),
      finish: () => this.#post({ kind: 'finish', id }),
      cancel: () => this.#post({ kind: 'cancel', id }),
      pause: () => this.#post({ kind: 'pause', id }),
      resume: () => this.#post({ kind: 'resume', id }),
    };
  }

  control(): EngineControl {
    const call =
      (method: ControlMethod) =>
      (...args: unknown[]) =>
        this.#ask(method, args);
    const methods = CONTROL_METHODS.map((method) => [method, call(method)]);
    const control = Object.fromEntries(methods) as unknown as EngineControl;
    return {
      ...control,
      close: async () => {
        await this.#ask('close', []);
        await this.#worker.terminate();
      },
    };
  }

  #ask(method: ControlMethod, args: readonly unknown[]): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#post({ kind: 'control', id, method, args });
    });
  }

  #receive(item: FromEngine): void {
    if (item.kind === 'ready') this.#markReady();
    else if (item.kind === 'message') this.#calls.get(item.id)?.message(item.bytes);
    else if (item.kind === 'end') {
      const events = this.#calls.get(item.id);
      this.#calls.delete(item.id);
      events?.end(item.status);
    } else {
      const pending = this.#pending.get(item.id);
      this.#pending.delete(item.id);
      if (item.kind === 'result') pending?.resolve(item.value);
      else pending?.reject(errorOf(item.failure));
    }
  }

  #lose(reason: string): void {
    const status = { code: 14, message: `the engine is gone: ${reason}`, details: undefined };
    for (const events of this.#calls.values()) events.end(status);
    this.#calls.clear();
    for (const pending of this.#pending.values()) pending.reject(new LedgerError('STOPPED', status.message));
    this.#pending.clear();
  }
}

const CONTROL_METHODS = [
  'status',
  'stop',
  'start',
  'pause',
  'resume',
  'deploy',
  'updateConfig',
  'revokeCertificate',
  'addOrganisation',
  'removeOrganisation',
  'addAuthority',
  'removeAuthority',
  'upgradeContract',
  'block',
  'openSnapshot',
  'stateRows',
  'closeSnapshot',
  'repair',
  'rebuild',
  'counters',
  'close',
] as const satisfies readonly ControlMethod[];

function errorOf({ code, message, details }: Failure): Error {
  if (code === undefined) return new Error(message);
  return new LedgerError(code, message, { details });
}
