import { parentPort, workerData } from 'node:worker_threads';
import { LedgerError } from '../error.ts';
import type { CallRequest, OpenCall } from '../gateway/index.ts';
import { LocalEngine, type LocalEngineOptions } from './local-engine.ts';
import {
  batching,
  unpacked,
  type Parcel,
  type Failure,
  type FromEngine,
  type ToEngine,
} from './worker-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('This module runs in a worker only');
const engine = await LocalEngine.start(workerData as LocalEngineOptions);
const calls = new Map<number, OpenCall>();
const post = batching<FromEngine>((parcel, handedOver) => port.postMessage(parcel, handedOver));

port.on('message', (parcel: Parcel<ToEngine>) => {
  for (const item of unpacked(parcel)) receive(item);
});
post({ kind: 'ready' });

function receive(item: ToEngine): void {
  if (item.kind === 'open') open(item.id, { ...item.request, request: item.bytes });
  else if (item.kind === 'write') calls.get(item.id)?.write(item.bytes);
  else if (item.kind === 'control') void control(item);
  else calls.get(item.id)?.[item.kind]();
}

function open(id: number, request: CallRequest): void {
  let hasEnded = false;
  const call = engine.transport.open(request, {
    message: (bytes) => post({ kind: 'message', id, bytes }),
    end: (status) => {
      hasEnded = true;
      calls.delete(id);
      post({ kind: 'end', id, status });
    },
  });
  if (!hasEnded) calls.set(id, call);
}

async function control({ id, method, args }: Extract<ToEngine, { kind: 'control' }>): Promise<void> {
  try {
    const act = engine[method] as (...values: readonly unknown[]) => Promise<unknown>;
    post({ kind: 'result', id, value: await act.apply(engine, [...args]) });
  } catch (error) {
    post({ kind: 'failure', id, failure: failureOf(error) });
  }
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof LedgerError)) {
    return { code: undefined, message: error instanceof Error ? error.message : String(error), details: {} };
  }
  return { code: error.code, message: error.message, details: error.details };
}
