import { CodedError } from '@healthchain/core';

export type AuthErrorCode =
  /** No `Authorization: Bearer` header. */
  | 'MISSING'
  /** Not a JWT, an algorithm outside the list, claims missing or of the wrong shape. */
  | 'MALFORMED'
  /** The signature is not by the organisation's token key. */
  | 'FORGED'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  /** Valid for longer than MAX_TOKEN_SECONDS. */
  | 'TOO_LONG'
  /** Issued by or for another organisation or server. */
  | 'OTHER_ORGANISATION'
  /** The organisation's kind has no users of this role, or the role has no FHIR access. */
  | 'ROLE_NOT_ALLOWED'
  | 'PURPOSE_NOT_ALLOWED';

/** Messages name neither the user nor anything of the token but its claims' names. */
export class AuthError extends CodedError<AuthErrorCode> {}
