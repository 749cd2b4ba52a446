import { RestError } from './error.ts';
import type { Visit } from './visit.ts';

const DEFAULT_COUNT = 50;
/** Largest page; a larger `_count` is cut to it, as FHIR allows. */
const MAX_COUNT = 1_000;
const CURSOR = '_cursor';

export interface Link {
  readonly relation: 'self' | 'next';
  readonly url: string;
}

/** `_count` of a history or an operation. @throws RestError PARAMETER */
export function countOf(visit: Visit): number {
  const text = visit.request.parameters.get('_count');
  if (text === null) return DEFAULT_COUNT;
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw badParameter('_count', 'must be a whole number from 1');
  return Math.min(Number(text), MAX_COUNT);
}

/** A FHIR instant, or a date that stands for its first moment. @throws RestError PARAMETER */
export function instantOf(visit: Visit, name: string): string | undefined {
  const text = visit.request.parameters.get(name);
  if (text === null) return undefined;
  const withZone = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(
    text.replace(' ', '+'),
  );
  const isDate = /^\d{4}(-\d\d(-\d\d)?)?$/.test(text);
  const at = Date.parse(text.replace(' ', '+'));
  if ((!withZone && !isDate) || Number.isNaN(at))
    throw badParameter(name, 'must be an instant with time zone, or a date');
  return new Date(at).toISOString();
}

type Pairs = Iterable<readonly [string, string]>;

/** What the page before left in its next link. @throws RestError PARAMETER */
export function cursorOf(visit: Visit): string | undefined {
  const { parameters } = visit.request;
  const sealed = parameters.get(CURSOR);
  return sealed === null ? undefined : visit.server.cursors.open(bindingOf(visit, parameters), sealed);
}

/** @param parameters those that were understood, when some were ignored */
export function selfLink(visit: Visit, parameters: Pairs = visit.request.parameters): Link {
  return { relation: 'self', url: urlOf(visit, pairs(parameters)) };
}

export function nextLink(visit: Visit, state: string, parameters: Pairs = visit.request.parameters): Link {
  const next = pairs(parameters).filter(([name]) => name !== CURSOR);
  const sealed = visit.server.cursors.seal(bindingOf(visit, next), state);
  return { relation: 'next', url: urlOf(visit, [...next, [CURSOR, sealed]]) };
}

/** A cursor serves one user, one path and one query; which page size it is used with is the client's choice. */
function bindingOf(visit: Visit, parameters: Pairs): string {
  const query = pairs(parameters)
    .filter(([name]) => !UNBOUND.has(name))
    .map((pair) => pair.map(encodeURIComponent).join('='));
  return [visit.context.caller.userId, pathOf(visit), ...query.sort()].join('&');
}

const UNBOUND: ReadonlySet<string> = new Set([CURSOR, '_count']);

function pairs(parameters: Pairs): [string, string][] {
  return [...parameters].map(([name, value]) => [name, value]);
}

function urlOf(visit: Visit, parameters: [string, string][]): string {
  const query = new URLSearchParams(parameters).toString();
  return `${visit.server.baseUrl}${pathOf(visit)}${query === '' ? '' : `?${query}`}`;
}

/** Paging continues by GET, also after `POST _search`. */
function pathOf(visit: Visit): string {
  return visit.request.pathname.replace(/\/_search$/, '');
}

export function badParameter(name: string, complaint: string): RestError {
  return new RestError('PARAMETER', `${name} ${complaint}`, { details: { expression: name } });
}
