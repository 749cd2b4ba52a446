import { CodedError } from '@healthchain/core';

export type SearchErrorCode =
  | 'UNKNOWN_PARAMETER'
  | 'UNSUPPORTED_MODIFIER'
  | 'BAD_VALUE'
  | 'BAD_CURSOR'
  | 'TOO_COSTLY'
  | 'TOO_MANY_PARAMETERS';

/** `details.parameter` names the parameter; messages repeat no values, which may be health data. */
export class SearchError extends CodedError<SearchErrorCode> {}
