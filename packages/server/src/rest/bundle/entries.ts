import { typeRow } from '../../fhir/index.ts';
import type { ExactObject, ExactResource } from '../../fhir/index.ts';
import { RestError } from '../error.ts';
import type { Method, Visit } from '../visit.ts';

/** An entry of a batch or transaction as it was sent. */
export interface Entry {
  readonly index: number;
  readonly fullUrl: string | undefined;
  readonly method: Method;
  /** Below the base: leading slash, without query. */
  readonly pathname: string;
  readonly parameters: URLSearchParams;
  readonly resource: ExactResource | undefined;
  readonly ifNoneExist: string | undefined;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

const METHODS: ReadonlySet<unknown> = new Set(['GET', 'POST', 'PUT', 'DELETE']);

/**
 * The entries of a bundle that was posted to the base.
 *
 * @throws RestError TOO_LARGE naming the limit; MALFORMED for the first entry that has not the shape of one
 */
export function entriesOf(visit: Visit, bundle: ExactResource): Entry[] {
  const list = bundle['entry'] ?? [];
  if (!Array.isArray(list)) throw malformed('Bundle.entry', 'must be a list');
  const { maxBundleEntries } = visit.server.limits;
  if (list.length > maxBundleEntries) {
    throw new RestError('TOO_LARGE', `A bundle has at most ${maxBundleEntries} entries`, {
      details: { expression: 'Bundle.entry' },
    });
  }
  const entries = list.map((entry, index) => entryOf(visit, entry, index));
  assertDistinct(entries);
  return entries;
}

function entryOf(visit: Visit, value: unknown, index: number): Entry {
  const place = placeOf(index);
  if (!isObject(value)) throw malformed(place, 'must be an object');
  const { fullUrl, resource, request } = value;
  if (!isObject(request)) throw malformed(`${place}.request`, 'is missing');
  if (!METHODS.has(request['method']))
    throw malformed(`${place}.request.method`, 'must be GET, POST, PUT or DELETE');
  if (typeof request['url'] !== 'string') throw malformed(`${place}.request.url`, 'is missing');
  if (fullUrl !== undefined && typeof fullUrl !== 'string')
    throw malformed(`${place}.fullUrl`, 'must be a URI');
  if (resource !== undefined && !isResource(resource))
    throw malformed(`${place}.resource`, 'must be a resource');
  return {
    index,
    fullUrl,
    method: request['method'] as Method,
    ...splitUrl(visit, request['url'], `${place}.request.url`),
    resource,
    ifNoneExist: textOf(request, 'ifNoneExist', place),
    ifMatch: textOf(request, 'ifMatch', place),
    ifNoneMatch: textOf(request, 'ifNoneMatch', place),
  };
}

/** bdl-7: two entries with one fullUrl could not be told apart by what refers to them. */
function assertDistinct(entries: readonly Entry[]): void {
  const seen = new Set<string>();
  for (const { fullUrl, index } of entries) {
    if (fullUrl === undefined) continue;
    if (seen.has(fullUrl)) throw malformed(`${placeOf(index)}.fullUrl`, 'stands in an earlier entry too');
    seen.add(fullUrl);
  }
}

/** Relative to the base, as a path, or absolute below the own base. */
function splitUrl(visit: Visit, url: string, place: string): Pick<Entry, 'pathname' | 'parameters'> {
  const { baseUrl } = visit.server;
  const relative = url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length + 1) : url.replace(/^\//, '');
  if (/^[a-z][a-z0-9+.-]*:/i.test(relative)) throw malformed(place, 'must be below the base of this server');
  const question = relative.indexOf('?');
  const pathname = question < 0 ? relative : relative.slice(0, question);
  const parameters = new URLSearchParams(question < 0 ? '' : relative.slice(question + 1));
  for (const name of ['_format', '_pretty']) parameters.delete(name);
  return { pathname: `/${decoded(pathname, place)}`.replace(/(?<=.)\/$/, ''), parameters };
}

function decoded(pathname: string, place: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch (cause) {
    throw new RestError('MALFORMED', `${place} cannot be decoded`, { cause, details: { expression: place } });
  }
}

export function placeOf(index: number): string {
  return `Bundle.entry[${index}]`;
}

export function malformed(expression: string, complaint: string): RestError {
  return new RestError('MALFORMED', `${expression} ${complaint}`, { details: { expression } });
}

function textOf(request: ExactObject, name: string, place: string): string | undefined {
  const value = request[name];
  if (value === undefined || typeof value === 'string') return value;
  throw malformed(`${place}.request.${name}`, 'must be a string');
}

function isResource(value: unknown): value is ExactResource {
  return (
    isObject(value) &&
    typeof value['resourceType'] === 'string' &&
    typeRow(value['resourceType']) !== undefined
  );
}

function isObject(value: unknown): value is ExactObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
