import { Ending } from '../ending.ts';
import { createSession, reasonOf, whileOpen, type CallContext, type Session } from './call.ts';
import type { NodeService } from './service.ts';
import { Code, encodeStatusDetails, RpcError } from './status.ts';

/** The end of a call as it crosses to the client. */
export interface CallStatus {
  readonly code: number;
  readonly message: string;
  /** google.rpc.Status, for grpc-status-details-bin. */
  readonly details: Uint8Array | undefined;
}

/** What the engine's side sends to a call. */
export interface CallEvents {
  message(bytes: Uint8Array): void;
  /** Last: nothing follows. */
  end(status: CallStatus): void;
}

/** Whom a call is for: the gateway of an organisation, or one node ('peer0.north') as its own clients reach it. */
export type CallTarget = { readonly mspId: string } | { readonly node: string };

export interface CallRequest {
  readonly target: CallTarget;
  readonly method: string;
  readonly kind: 'unary' | 'serverStream' | 'bidirectional';
  /** Of a unary or server stream call. */
  readonly request: Uint8Array;
  /** Milliseconds since the epoch; Infinity for none. */
  readonly deadline: number;
  /** Calls of one client object share a session. */
  readonly session: number;
  /** SHA-256 of the client's TLS certificate where one is demanded: what signed requests have to name. */
  readonly clientCertificateHash?: Uint8Array;
  /** Where the caller reaches nodes, by the address that the configuration gives. */
  readonly advertised?: Readonly<Record<string, string>>;
}

/** What the client's side does with a call that is open. */
export interface OpenCall {
  /** One more request of a bidirectional call. */
  write(bytes: Uint8Array): void;
  /** No more requests. */
  finish(): void;
  cancel(): void;
  /** Messages that are under way still come; then none until `resume`. */
  pause(): void;
  resume(): void;
}

/** Carries calls to gateways and nodes; in this thread or into another. Bytes handed over are not touched again. */
export interface CallTransport {
  open(request: CallRequest, events: CallEvents): OpenCall;
}

const SUCCESS: CallStatus = { code: Code.OK, message: '', details: undefined };
/** setTimeout's longest delay. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls to nodes that live in this thread. */
export function localTransport(serviceOf: (target: CallTarget) => NodeService | undefined): CallTransport {
  const sessions = new Map<number, Session>();
  const sessionOf = (id: number) => {
    let session = sessions.get(id);
    if (session === undefined) {
      session = createSession();
      sessions.set(id, session);
    }
    return session;
  };
  return {
    open(request, events) {
      const call = new LocalCall(request, sessionOf(request.session), events);
      void call.serve(serviceOf(request.target));
      return call;
    },
  };
}

/** One call to a node in this thread; its own surroundings. */
class LocalCall implements OpenCall, CallContext {
  readonly ending = new Ending();
  readonly session: Session;
  readonly #request: CallRequest;
  readonly #events: CallEvents;
  readonly #requests = new RequestQueue();
  readonly #gate = new Gate();
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(request: CallRequest, session: Session, events: CallEvents) {
    this.#request = request;
    this.session = session;
    this.#events = events;
    this.#timer = deadlineTimer(request.deadline, this.ending);
  }

  get clientCertificateHash(): Uint8Array | undefined {
    return this.#request.clientCertificateHash;
  }

  get advertised(): Readonly<Record<string, string>> {
    return this.#request.advertised ?? {};
  }

  write(bytes: Uint8Array): void {
    this.#requests.push(bytes);
  }

  finish(): void {
    this.#requests.end();
  }

  cancel(): void {
    this.ending.come(new RpcError(Code.CANCELLED, 'Cancelled on client'));
    this.#requests.end();
    this.#gate.open();
  }

  pause(): void {
    this.#gate.close();
  }

  resume(): void {
    this.#gate.open();
  }

  /** Answers, and says how it ended. */
  async serve(service: NodeService | undefined): Promise<void> {
    let status = SUCCESS;
    try {
      await this.#answer(service);
    } catch (error) {
      status = statusOf(error);
    }
    clearTimeout(this.#timer);
    this.#events.end(status);
  }

  async #answer(service: NodeService | undefined): Promise<void> {
    const { target, kind, method, request } = this.#request;
    if (service === undefined) throw new RpcError(Code.UNAVAILABLE, `${nameOf(target)} is not running`);
    if (this.ending.hasCome) throw reasonOf(this.ending);
    if (kind === 'unary') {
      this.#events.message(await service.unary(method, request, this));
      return;
    }
    const answers =
      kind === 'serverStream'
        ? service.serverStream(method, request, this)
        : service.bidirectional(method, this.#requests, this);
    for await (const bytes of answers) {
      this.#events.message(bytes);
      if (this.#gate.isClosed) await whileOpen(this, this.#gate.opened());
    }
  }
}

function nameOf(target: CallTarget): string {
  return 'node' in target ? target.node : `the gateway of ${target.mspId}`;
}

/** Closed while the client does not take what there is: a slow reader holds its answers back instead of piling them up. */
class Gate {
  #opening: PromiseWithResolvers<void> | undefined;

  get isClosed(): boolean {
    return this.#opening !== undefined;
  }

  close(): void {
    this.#opening ??= Promise.withResolvers();
  }

  open(): void {
    this.#opening?.resolve();
    this.#opening = undefined;
  }

  async opened(): Promise<void> {
    await this.#opening?.promise;
  }
}

function deadlineTimer(deadline: number, ending: Ending): NodeJS.Timeout | undefined {
  if (deadline === Number.POSITIVE_INFINITY) return undefined;
  const expire = () => ending.come(new RpcError(Code.DEADLINE_EXCEEDED, 'Deadline exceeded'));
  const left = deadline - Date.now();
  if (left <= 0) {
    expire();
    return undefined;
  }
  return setTimeout(expire, Math.min(left, MAX_TIMER_MS));
}

function statusOf(error: unknown): CallStatus {
  const rpc =
    error instanceof RpcError ? error : new RpcError(Code.INTERNAL, 'internal error of the gateway');
  return { code: rpc.code, message: rpc.message, details: encodeStatusDetails(rpc) };
}

/** Requests of a bidirectional call, in order, until the client ends them. */
class RequestQueue implements AsyncIterable<Uint8Array> {
  #waiting: Uint8Array[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
