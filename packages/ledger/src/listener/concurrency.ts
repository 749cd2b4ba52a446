import { Code, type CallTransport, type OpenCall } from '../gateway/index.ts';
import { MAX_CONCURRENT_CALLS } from './limits.ts';

/** The same transport for one node, which refuses calls beyond the limit of their service, in Fabric's words. */
export function limited(transport: CallTransport): CallTransport {
  const running = new Map<string, number>();
  const count = (service: string) => running.get(service) ?? 0;
  return {
    open(request, events) {
      const service = serviceOf(request.method);
      const limit = MAX_CONCURRENT_CALLS[service] ?? 0;
      if (count(service) >= limit) {
        const message = `too many requests for ${service}, exceeding concurrency limit (${limit})`;
        // Without a code of its own, as in Fabric.
        events.end({ code: Code.UNKNOWN, message, details: undefined });
        return REFUSED;
      }
      running.set(service, count(service) + 1);
      return transport.open(request, {
        message: (bytes) => events.message(bytes),
        end(status) {
          running.set(service, count(service) - 1);
          events.end(status);
        },
      });
    },
  };
}

const nothing = () => undefined;
const REFUSED: OpenCall = {
  write: nothing,
  finish: nothing,
  cancel: nothing,
  pause: nothing,
  resume: nothing,
};

function serviceOf(method: string): string {
  return method.slice(0, method.lastIndexOf('/'));
}
