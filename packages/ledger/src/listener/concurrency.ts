import {
  status,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
} from '@grpc/grpc-js';
import { MAX_CONCURRENT_CALLS } from './limits.ts';

type Unary = handleUnaryCall<Buffer, Buffer>;
type Streaming = handleServerStreamingCall<Buffer, Buffer> | handleBidiStreamingCall<Buffer, Buffer>;

/** Counts a node's calls by service and refuses those beyond the service's limit, in Fabric's words. */
export class Concurrency {
  readonly #running = new Map<string, number>();

  limitUnary(method: string, handle: Unary): Unary {
    return (call, callback) => {
      const leave = this.#enter(method);
      if (leave === undefined) {
        callback(tooMany(method));
        return;
      }
      handle(call, (...answer) => {
        leave();
        callback(...answer);
      });
    };
  }

  limitStream<H extends Streaming>(method: string, handle: H): H {
    const limited = (call: Parameters<H>[0]) => {
      const leave = this.#enter(method);
      if (leave === undefined) {
        call.emit('error', tooMany(method));
        return;
      }
      call.once('close', leave);
      (handle as (streaming: typeof call) => void)(call);
    };
    return limited as H;
  }

  /** Undefined when the service is full; else what to call once, at the call's end. */
  #enter(method: string): (() => void) | undefined {
    const service = serviceOf(method);
    const running = this.#running.get(service) ?? 0;
    if (running >= limitOf(service)) return undefined;
    this.#running.set(service, running + 1);
    return () => this.#running.set(service, (this.#running.get(service) ?? 1) - 1);
  }
}

function serviceOf(method: string): string {
  return method.slice(0, method.lastIndexOf('/'));
}

function limitOf(service: string): number {
  return MAX_CONCURRENT_CALLS[service] ?? 0;
}

/** Without a code of its own, as in Fabric, which is UNKNOWN. */
function tooMany(method: string) {
  const service = serviceOf(method);
  return {
    code: status.UNKNOWN,
    details: `too many requests for ${service}, exceeding concurrency limit (${limitOf(service)})`,
  };
}
