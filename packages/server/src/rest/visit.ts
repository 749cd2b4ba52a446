import type { ExactResource, RepeatKey, RequestContext } from '../ports.ts';
import type { ServerContext } from './context.ts';
import type { Preferences } from './headers.ts';
import { RestError } from './error.ts';

/** The steps of enforcement, in the order in which a request takes them. */
export const STEPS = [
  /** Who asks: a verified token. */
  'authenticate',
  /** The token's role and purpose are open to this interaction. */
  'purpose',
  /** Path, parameters, headers and body are read. */
  'parse',
  /** The body is valid FHIR and within the consortium's rules. */
  'validate',
  /** What it is about is looked up: own store, directory, ledger. */
  'locate',
  /** The gate decides about own records, on the own peer. */
  'decide',
  /** Records of others are opened through custody, after their gates. */
  'open',
  /** What was not permitted or does not match is taken out, before anything is counted. */
  'filter',
  /** One ledger transaction. */
  'write',
  /** The access stands in the log, durably. */
  'state',
  /** The answer is put together. */
  'render',
] as const;
export type Step = (typeof STEPS)[number];

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

/** One FHIR interaction as it arrives, alone or as an entry of a batch. */
export interface RestRequest {
  readonly method: Method;
  /** Below the base, with leading slash, without query. */
  readonly pathname: string;
  /** Named parts of the path: `type`, `id`, `version`. */
  readonly path: Readonly<Record<string, string>>;
  readonly parameters: URLSearchParams;
  /** Names in lower case. */
  readonly headers: RequestHeaders;
  /** Parses the body once. @throws FhirError, RestError when there is none */
  readonly body: () => ExactResource;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text, so that a stored version leaves with the bytes it has everywhere. */
  readonly body?: string;
  /** Of the version in the answer, as a FHIR instant; `Last-Modified` has seconds only. */
  readonly lastUpdated?: string;
  /** The time of this answer would tell what exists: it leaves at the end of a slot, like a refusal. */
  readonly slotted?: boolean;
}

/** A request on its way through the steps. */
export interface Visit {
  readonly server: ServerContext;
  readonly request: RestRequest;
  /** `interaction` of the table: goes into the access log. */
  readonly interaction: string;
  readonly context: RequestContext;
  readonly prefer: Preferences;
  readonly passed: Set<Step>;
  /** The key under which the answer to this write is kept, once `onceOnly` has found none. */
  readonly repeat?: RepeatKey;
  /** Performs an entry of a batch, or a read of a transaction, for the same caller, through the row of its own interaction. */
  readonly perform: (request: Omit<RestRequest, 'path'>) => Promise<RestAnswer>;
}

/** Notes that the visit took a step; called by the code that takes it. */
export function pass(visit: Visit, step: Step): void {
  visit.passed.add(step);
}

/**
 * The last check before an answer: every step of the interaction's row was taken. What fails here is a bug of this program, and
 * nothing is answered.
 */
export function assertPassed(visit: Visit, steps: readonly Step[]): void {
  const missing = steps.filter((step) => !visit.passed.has(step));
  if (missing.length > 0) throw new Error(`${visit.interaction} skipped ${missing.join(', ')}`);
}

/** A named part of the path. */
export function part(visit: Visit, name: 'type' | 'id' | 'version'): string {
  const value = visit.request.path[name];
  if (value === undefined) throw new RestError('UNKNOWN_PATH', 'No such path');
  return value;
}
