import { CodedError } from '@healthchain/core';

/** HTTP status and FHIR `issue.code` (http://hl7.org/fhir/R4/valueset-issue-type.html) of every failure of the REST side. */
export const FAILURES = {
  /** Not JSON, not UTF-8, not a resource, a bundle of the wrong shape. */
  MALFORMED: { status: 400, issue: 'structure' },
  /** Fails validation; the issues say where. */
  INVALID: { status: 400, issue: 'invalid' },
  /** A parameter or header that the interaction does not know, or a value that it cannot read. */
  PARAMETER: { status: 400, issue: 'value' },
  /** A search that would have to open more records than a request may. */
  TOO_COSTLY: { status: 400, issue: 'too-costly' },
  UNAUTHENTICATED: { status: 401, issue: 'login' },
  FORBIDDEN: { status: 403, issue: 'forbidden' },
  /** Also the answer to who may not read: it tells nothing of existence (custody.md section 4). */
  NOT_FOUND: { status: 404, issue: 'not-found' },
  UNKNOWN_TYPE: { status: 404, issue: 'not-supported' },
  UNKNOWN_PATH: { status: 404, issue: 'not-supported' },
  METHOD_NOT_ALLOWED: { status: 405, issue: 'not-supported' },
  NOT_ACCEPTABLE: { status: 406, issue: 'not-supported' },
  CONFLICT: { status: 409, issue: 'conflict' },
  GONE: { status: 410, issue: 'deleted' },
  PRECONDITION_FAILED: { status: 412, issue: 'conflict' },
  MULTIPLE_MATCHES: { status: 412, issue: 'multiple-matches' },
  TOO_LARGE: { status: 413, issue: 'too-long' },
  MEDIA_TYPE: { status: 415, issue: 'not-supported' },
  /** Well formed, but against a rule of the consortium. */
  BUSINESS_RULE: { status: 422, issue: 'business-rule' },
  THROTTLED: { status: 429, issue: 'throttled' },
  INTERNAL: { status: 500, issue: 'exception' },
  UNAVAILABLE: { status: 503, issue: 'transient' },
  /** The write may or may not have been committed. */
  OUTCOME_UNKNOWN: { status: 504, issue: 'timeout' },
} as const;

export type RestErrorCode = keyof typeof FAILURES;

export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information';
  /** FHIR issue-type. */
  readonly code: string;
  readonly diagnostics: string;
  /** FHIRPath of the element, or the name of the parameter or header. */
  readonly expression?: readonly string[];
}

/**
 * `details.issues` replaces the one issue that code and message would give; `details.expression` places it; `details.headers` are
 * added to the answer. Messages reach the caller: they hold no values of records and nothing of other persons.
 */
export class RestError extends CodedError<RestErrorCode> {
  get status(): number {
    return FAILURES[this.code].status;
  }

  get issues(): readonly Issue[] {
    const given = this.details['issues'];
    if (Array.isArray(given)) return given as Issue[];
    const expression = this.details['expression'];
    const place = typeof expression === 'string' ? { expression: [expression] } : {};
    return [{ severity: 'error', code: FAILURES[this.code].issue, diagnostics: this.message, ...place }];
  }

  get headers(): Readonly<Record<string, string>> {
    return (this.details['headers'] ?? {}) as Readonly<Record<string, string>>;
  }
}

/** The one answer to a read of what does not exist and of what the caller may not read. */
export function notFound(): RestError {
  return new RestError('NOT_FOUND', 'No such resource, or no permission to read it');
}

/** The one answer to a write about a person who does not exist and about one whom the caller may not write about. */
export function mayNotWrite(cause?: unknown): RestError {
  return new RestError('FORBIDDEN', 'No such person or record, or no permission to write', { cause });
}
