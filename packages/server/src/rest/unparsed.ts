import type { Socket } from 'node:net';
import { RestError } from './error.ts';
import { FHIR_JSON } from './headers.ts';
import { outcomeOf } from './outcome.ts';

/**
 * Answers bytes that are no HTTP request: headers that are too large or hold what no header holds, a request that does not come. There
 * is no request id; the connection ends.
 */
export function refuseUnparsed(error: Error & { readonly code?: string }, socket: Socket): void {
  if (socket.destroyed || error.code === 'ECONNRESET') return;
  const { issues } = new RestError('MALFORMED', 'This is no HTTP request that the server can read');
  const body = JSON.stringify(outcomeOf(issues));
  const head = [
    'HTTP/1.1 400 Bad Request',
    `content-type: ${FHIR_JSON}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
