import { ExchangeError } from '../error.ts';

/**
 * The one refusal of a face about a person or Consent that does not exist and about one that the caller has no part in: who may not
 * read learns nothing (custody.md section 4).
 */
export function untold(cause?: unknown): ExchangeError {
  return new ExchangeError('FORBIDDEN', 'No such person or Consent, or no permission', { cause });
}

const UNTOLD: ReadonlySet<string> = new Set(['FORBIDDEN', 'NOT_FOUND']);

/** For `catch`: refusals become the one refusal, every other failure stays what it is. */
export function rethrowUntold(error: unknown): never {
  throw error instanceof ExchangeError && UNTOLD.has(error.code) ? untold(error) : error;
}
