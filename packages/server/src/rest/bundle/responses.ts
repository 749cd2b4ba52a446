import type { BundleEntry } from '../bundle-text.ts';
import type { RestAnswer, Visit } from '../visit.ts';

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Payload Too Large',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** An answer as an entry of a batch-response or transaction-response (http.html section 3.1.0.11.4). */
export function entryAnswer(visit: Visit, answer: RestAnswer): BundleEntry {
  const { status, headers = {}, body, lastUpdated } = answer;
  const location = headers['location'] ?? headers['content-location'];
  const response = {
    status: statusLine(status),
    ...(location === undefined ? {} : { location: relative(visit, location) }),
    ...(headers['etag'] === undefined ? {} : { etag: headers['etag'] }),
    ...(lastUpdated === undefined ? {} : { lastModified: lastUpdated }),
  };
  if (body === undefined) return { response };
  const isOutcome = status >= 400 || body.startsWith('{"resourceType":"OperationOutcome"');
  return isOutcome ? { response, outcome: body } : { resource: body, response };
}

function statusLine(status: number): string {
  return `${status} ${REASONS[status] ?? ''}`.trim();
}

function relative(visit: Visit, location: string): string {
  const base = `${visit.server.baseUrl}/`;
  return location.startsWith(base) ? location.slice(base.length) : location;
}
