/**
 * The base of every package's error class. `code` is one of the package's closed union; `cause` is kept; `details` is safe to
 * show to the caller (no secrets, no health data). A bare `Error` means a bug in this program.
 */
export class CodedError<Code extends string> extends Error {
  readonly code: Code;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: Code,
    message: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

export type CoreErrorCode =
  | 'BAD_ENCODING'
  | 'BAD_JSON'
  | 'DUPLICATE_MEMBER'
  | 'TOO_DEEP'
  | 'NOT_CANONICAL'
  | 'BAD_PROOF_REQUEST';

export class CoreError extends CodedError<CoreErrorCode> {}
