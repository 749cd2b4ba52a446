import { typeRow } from '../fhir/index.ts';
import type { Caller } from '../ports.ts';
import type { ServerContext } from './context.ts';
import { RestError } from './error.ts';
import { preferences } from './headers.ts';
import type { Interaction } from './interactions.ts';
import { faceOf, isFaceKind } from './located.ts';
import { badParameter } from './paging.ts';
import { assertOpen } from './purpose.ts';
import { routeOf } from './routing.ts';
import { RUNS } from './runs.ts';
import { assertPassed, pass, type RestAnswer, type RestRequest, type Visit } from './visit.ts';

export interface Arrival {
  readonly server: ServerContext;
  readonly row: Interaction;
  readonly request: RestRequest;
  readonly requestId: string;
  /** Verified; absent for what is open to everyone. */
  readonly caller: Caller | undefined;
  readonly signal?: AbortSignal;
}

/** Takes a request through the row of its interaction. The answer has passed every step of the row, or there is none. */
export async function perform(arrival: Arrival): Promise<RestAnswer> {
  const visit = visitOf(arrival);
  assertPurpose(visit, arrival);
  assertPath(visit);
  assertServed(visit, arrival.row);
  assertParameters(visit, arrival.row);
  const answer = await RUNS[arrival.row.name](visit);
  assertPassed(visit, arrival.row.steps);
  return answer;
}

/** Stands in for the caller of what is open to everyone; no gate permits it anything. */
const NOBODY: Caller = { mspId: '', userId: '', role: 'department-terminal', purpose: 'HOPERAT' };

function visitOf(arrival: Arrival): Visit {
  const { server, row, request, requestId, caller, signal } = arrival;
  const visit: Visit = {
    server,
    request,
    interaction: row.name,
    context: {
      requestId,
      caller: caller ?? NOBODY,
      at: server.clock(),
      ...(signal === undefined ? {} : { signal }),
    },
    prefer: preferences(request.headers['prefer']),
    passed: new Set(),
    perform: (inner) => performInner(arrival, inner),
  };
  if (caller !== undefined) pass(visit, 'authenticate');
  return visit;
}

async function performInner(arrival: Arrival, inner: Omit<RestRequest, 'path'>): Promise<RestAnswer> {
  const route = routeOf(inner.method, inner.pathname);
  if (route === undefined)
    throw new RestError('UNKNOWN_PATH', 'The entry names no interaction of this server');
  if (route.row.name === 'bundle')
    throw new RestError('MALFORMED', 'A bundle cannot be an entry of a bundle');
  return perform({ ...arrival, row: route.row, request: { ...inner, path: route.path } });
}

function assertPurpose(visit: Visit, { row, caller }: Arrival): void {
  if (!row.steps.includes('authenticate')) return;
  if (caller === undefined) throw new Error('An interaction that needs a caller was reached without one');
  assertOpen(visit, row);
  pass(visit, 'purpose');
}

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

function assertPath(visit: Visit): void {
  const { type, id, version } = visit.request.path;
  if (type !== undefined && typeRow(type) === undefined) {
    throw new RestError('UNKNOWN_TYPE', 'The URL names no resource type of FHIR R4');
  }
  for (const value of [id, version]) {
    if (value !== undefined && !ID.test(value))
      throw new RestError('NOT_FOUND', 'No such resource, or no permission to read it');
  }
  pass(visit, 'parse');
}

/** What is never stored, and a face that this server does not have, can be validated and nothing else. */
function assertServed(visit: Visit, row: Interaction): void {
  const { type } = visit.request.path;
  if (type === undefined || row.name === '$validate') return;
  const kind = typeRow(type)?.kind;
  const isShown = kind !== 'never' && (!isFaceKind(kind) || faceOf(visit, type) !== undefined);
  if (!isShown) throw new RestError('METHOD_NOT_ALLOWED', `${type} is not kept by this server`);
}

/** A parameter that an interaction does not know is an error, unless the caller prefers lenience (search.html 3.1.1.0.1). */
function assertParameters(visit: Visit, row: Interaction): void {
  const known = row.parameters;
  if (known === 'search' || visit.prefer.lenient) return;
  const stranger = [...visit.request.parameters.keys()].find((name) => !known.includes(name));
  if (stranger !== undefined) throw badParameter(stranger, `is no parameter of ${row.name}`);
}
