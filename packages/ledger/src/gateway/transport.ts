import { createSession, type CallContext, type Session } from './call.ts';
import type { GatewayService } from './service.ts';
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

export interface CallRequest {
  readonly mspId: string;
  readonly method: string;
  readonly kind: 'unary' | 'serverStream' | 'bidirectional';
  /** Of a unary or server stream call. */
  readonly request: Uint8Array;
  /** Milliseconds since the epoch; Infinity for none. */
  readonly deadline: number;
  /** Calls of one client object share a session. */
  readonly session: number;
}

/** What the client's side does with a call that is open. */
export interface OpenCall {
  /** One more request of a bidirectional call. */
  write(bytes: Uint8Array): void;
  /** No more requests. */
  finish(): void;
  cancel(): void;
}

/** Carries calls to the gateways; in this thread or into another. Bytes handed over are not touched again. */
export interface CallTransport {
  open(request: CallRequest, events: CallEvents): OpenCall;
}

const SUCCESS: CallStatus = { code: Code.OK, message: '', details: undefined };
/** setTimeout's longest delay. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls to gateways that live in this thread. */
export function localTransport(serviceOf: (mspId: string) => GatewayService | undefined): CallTransport {
  const sessions = new Map<number, Session>();
  const sessionOf = (id: number) => {
    const session = sessions.get(id) ?? createSession();
    sessions.set(id, session);
    return session;
  };
  return {
    open(request, events) {
      const controller = new AbortController();
      const context = { signal: controller.signal, session: sessionOf(request.session) };
      const requests = new RequestQueue();
      const timer = deadlineTimer(request.deadline, controller);
      serve(serviceOf(request.mspId), request, requests, context, events).then(
        (status) => {
          clearTimeout(timer);
          events.end(status);
        },
        (error: unknown) => {
          clearTimeout(timer);
          events.end(statusOf(error));
        },
      );
      return {
        write: (bytes) => requests.push(bytes),
        finish: () => requests.end(),
        cancel() {
          controller.abort(new RpcError(Code.CANCELLED, 'Cancelled on client'));
          requests.end();
        },
      };
    },
  };
}

async function serve(
  service: GatewayService | undefined,
  request: CallRequest,
  requests: RequestQueue,
  context: CallContext,
  events: CallEvents,
): Promise<CallStatus> {
  if (service === undefined) throw new RpcError(Code.UNAVAILABLE, `no gateway of ${request.mspId}`);
  if (context.signal.aborted) throw context.signal.reason;
  if (request.kind === 'unary') {
    events.message(await service.unary(request.method, request.request, context));
    return SUCCESS;
  }
  const answers =
    request.kind === 'serverStream'
      ? service.serverStream(request.method, request.request, context)
      : service.bidirectional(request.method, requests, context);
  for await (const bytes of answers) events.message(bytes);
  return SUCCESS;
}

function deadlineTimer(deadline: number, controller: AbortController): NodeJS.Timeout | undefined {
  if (deadline === Number.POSITIVE_INFINITY) return undefined;
  const expire = () => controller.abort(new RpcError(Code.DEADLINE_EXCEEDED, 'Deadline exceeded'));
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
