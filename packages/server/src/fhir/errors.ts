import { CodedError } from '@healthchain/core';

export type FhirErrorCode =
  | 'BODY_TOO_LARGE'
  | 'BAD_UTF8'
  | 'BAD_JSON'
  | 'DUPLICATE_MEMBER'
  | 'BAD_CHARACTER'
  | 'TOO_DEEP'
  | 'NOT_A_RESOURCE'
  | 'UNNAMED_RESTRICTION'
  | 'NOT_INITIALISED';

/** `details.expression` holds the FHIRPath of the element where there is one; messages carry no values of the body. */
export class FhirError extends CodedError<FhirErrorCode> {}
