import { CodedError } from '@healthchain/core';

export type CliErrorCode =
  | 'USAGE'
  | 'NOT_RUNNING'
  | 'ALREADY_RUNNING'
  | 'PORT_IN_USE'
  | 'UNKNOWN_USER'
  | 'REFUSED'
  /** No answer from a server: what was asked may or may not have been done. */
  | 'UNREACHABLE'
  | 'BAD_INPUT'
  | 'FAILED_CHECK'
  | 'CONTROL';

/** `details.hint` says what to do next. */
export class CliError extends CodedError<CliErrorCode> {}
