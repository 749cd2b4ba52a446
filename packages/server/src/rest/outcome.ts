import { AuthError, type AuthErrorCode } from '../auth/index.ts';
import { CodedError } from '@healthchain/core';
import type { ExchangeErrorCode } from '../ports.ts';
import { type Issue, RestError, type RestErrorCode } from './error.ts';

export interface OperationOutcome {
  readonly resourceType: 'OperationOutcome';
  readonly issue: readonly Issue[];
}

export function outcomeOf(issues: readonly Issue[]): OperationOutcome {
  return { resourceType: 'OperationOutcome', issue: issues };
}

export function allOk(diagnostics: string): OperationOutcome {
  return outcomeOf([{ severity: 'information', code: 'informational', diagnostics }]);
}

const AUTH: Readonly<Record<AuthErrorCode, RestErrorCode>> = {
  MISSING: 'UNAUTHENTICATED',
  MALFORMED: 'UNAUTHENTICATED',
  FORGED: 'UNAUTHENTICATED',
  EXPIRED: 'UNAUTHENTICATED',
  NOT_YET_VALID: 'UNAUTHENTICATED',
  TOO_LONG: 'UNAUTHENTICATED',
  OTHER_ORGANISATION: 'UNAUTHENTICATED',
  ROLE_NOT_ALLOWED: 'FORBIDDEN',
  PURPOSE_NOT_ALLOWED: 'FORBIDDEN',
};

const EXCHANGE: Readonly<Record<ExchangeErrorCode, RestErrorCode>> = {
  FORBIDDEN: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  INVALID: 'BUSINESS_RULE',
  TOO_LARGE: 'TOO_LARGE',
  LIMIT: 'THROTTLED',
  UNAVAILABLE: 'UNAVAILABLE',
  OUTCOME_UNKNOWN: 'OUTCOME_UNKNOWN',
};

const FHIR: Readonly<Record<string, RestErrorCode>> = {
  BODY_TOO_LARGE: 'TOO_LARGE',
  BAD_UTF8: 'MALFORMED',
  BAD_JSON: 'MALFORMED',
  DUPLICATE_MEMBER: 'MALFORMED',
  BAD_CHARACTER: 'MALFORMED',
  TOO_DEEP: 'MALFORMED',
  NOT_A_RESOURCE: 'MALFORMED',
  UNNAMED_RESTRICTION: 'BUSINESS_RULE',
};

const SEARCH: Readonly<Record<string, RestErrorCode>> = {
  UNKNOWN_PARAMETER: 'PARAMETER',
  UNSUPPORTED_MODIFIER: 'PARAMETER',
  BAD_VALUE: 'PARAMETER',
  BAD_CURSOR: 'PARAMETER',
  BAD_INSTANT: 'PARAMETER',
  TOO_COSTLY: 'TOO_COSTLY',
  TOO_MANY_PARAMETERS: 'TOO_COSTLY',
};

/** By the name of the package's error class. */
const BY_CLASS: Readonly<Record<string, Readonly<Record<string, RestErrorCode>>>> = {
  ExchangeError: EXCHANGE,
  FhirError: FHIR,
  SearchError: SEARCH,
  StoreError: SEARCH,
};

/** Failures of the framework before a handler runs (fastify `FST_ERR_*`). */
const FRAMEWORK: Readonly<Record<string, readonly [RestErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['TOO_LARGE', 'The body is larger than the limit of this server'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['MEDIA_TYPE', 'The body must be application/fhir+json'],
  FST_ERR_CTP_EMPTY_TYPE: ['MEDIA_TYPE', 'The body needs a Content-Type: application/fhir+json'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['MALFORMED', 'The body is not as long as Content-Length says'],
  FST_ERR_BAD_URL: ['UNKNOWN_PATH', 'The URL cannot be decoded'],
  FST_ERR_MAX_PARAM_LENGTH: ['UNKNOWN_PATH', 'A part of the path is too long'],
};

/**
 * Any thrown value as the failure that the caller sees. What is not known by its code is a bug of this program: INTERNAL, without
 * its message.
 */
export function restErrorOf(cause: unknown): RestError {
  if (cause instanceof RestError) return cause;
  if (cause instanceof AuthError) return authFailure(cause);
  if (cause instanceof CodedError) return codedFailure(cause as CodedError<string>);
  const framework = FRAMEWORK[codeOf(cause)];
  if (framework !== undefined) return new RestError(framework[0], framework[1], { cause });
  return new RestError('INTERNAL', 'The server failed; the request id names the entry in its log', { cause });
}

function authFailure(cause: AuthError): RestError {
  const code = AUTH[cause.code];
  const challenge =
    cause.code === 'MISSING'
      ? 'Bearer realm="HealthChain"'
      : `Bearer realm="HealthChain", error="${code === 'FORBIDDEN' ? 'insufficient_scope' : 'invalid_token'}", error_description="${cause.message}"`;
  return new RestError(code, cause.message, {
    cause,
    details: { headers: { 'www-authenticate': challenge } },
  });
}

function codedFailure(cause: CodedError<string>): RestError {
  const code = BY_CLASS[cause.name]?.[cause.code];
  if (code === undefined)
    return new RestError('INTERNAL', 'The server failed; the request id names the entry in its log', {
      cause,
    });
  const expression = cause.details['expression'] ?? cause.details['parameter'];
  return new RestError(code, cause.message, {
    cause,
    details: expression === undefined ? {} : { expression },
  });
}

function codeOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
}
