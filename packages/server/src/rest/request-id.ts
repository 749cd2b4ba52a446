import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const CLIENT_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Drawn by the server: it becomes the id of the access in patients' logs, which nobody who is logged may choose. */
export function newRequestId(): string {
  return randomUUID();
}

/** The request's id, and the client's own for it, as FHIR R4 names them (http.html section 3.1.0.15). */
export function requestIdHeaders(id: string, given: IncomingHttpHeaders): Record<string, string> {
  const own = given['x-request-id'];
  return {
    'x-request-id': id,
    ...(typeof own === 'string' && CLIENT_ID.test(own) ? { 'x-correlation-id': own } : {}),
  };
}
