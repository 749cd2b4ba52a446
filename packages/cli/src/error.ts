import { CodedError } from '@healthchain/core';

export type CliErrorCode =
  | 'USAGE'
  | 'NOT_RUNNING'
  | 'ALREADY_RUNNING'
  | 'UNKNOWN_USER'
  | 'REFUSED'
  | 'BAD_INPUT'
  | 'FAILED_CHECK'
  | 'CONTROL';

/** `details.hint` says what to do next. */
export class CliError extends CodedError<CliErrorCode> {}
