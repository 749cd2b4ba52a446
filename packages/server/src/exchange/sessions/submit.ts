import { ExchangeError } from '../error.ts';
import { COMMIT_WAIT_MS, OUTCOME_DEADLINE_MS } from './limits.ts';
import type { CallOptions, EndorsedTransaction, LedgerSession, TransactionStatus } from './session.ts';

/** Of Fabric's TxValidationCode. */
export const VALID = 0;
export const DUPLICATE_TXID = 9;
export const MVCC_READ_CONFLICT = 11;
export const PHANTOM_READ_CONFLICT = 12;

/** Proposals of one call before its caller hears of the conflict. */
const MAX_PROPOSALS = 8;
const OVERTAKEN: ReadonlySet<unknown> = new Set([MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT]);

export interface Committed {
  readonly result: Uint8Array;
  readonly transactionId: string;
  readonly blockNumber: bigint;
}

/** Endorse, submit, and the outcome by transaction id. Returns only for VALID. @throws ExchangeError */
export async function submitAndWait(
  session: LedgerSession,
  name: string,
  args: readonly string[],
  options: CallOptions = {},
): Promise<Committed> {
  const transaction = await session.endorse(name, args, options);
  const status = await resolveOutcome(session, transaction);
  if (status.code !== VALID) throw invalid(transaction.transactionId, status.code);
  return {
    result: transaction.result,
    transactionId: transaction.transactionId,
    blockNumber: status.blockNumber,
  };
}

/**
 * The same, proposed again when somebody else's transaction came first: the contract decides anew on what it finds then. For calls
 * whose arguments rest on nothing that was read before.
 */
export async function submitAfresh(...call: Parameters<typeof submitAndWait>): Promise<Committed> {
  for (let proposal = 1; ; proposal++) {
    try {
      return await submitAndWait(...call);
    } catch (error) {
      const isOvertaken = error instanceof ExchangeError && OVERTAKEN.has(error.details['validationCode']);
      if (!isOvertaken || proposal === MAX_PROPOSALS) throw error;
    }
  }
}

/**
 * The code under which the chain holds the transaction. Until some block does, the same signed bytes are submitted again: the
 * first occurrence alone is the outcome (ledger.md section 1).
 *
 * @throws ExchangeError OUTCOME_UNKNOWN after `deadlineMs`: it may still be ordered
 */
async function resolveOutcome(
  session: LedgerSession,
  transaction: Pick<EndorsedTransaction, 'transactionId' | 'bytes'>,
  deadlineMs: number = OUTCOME_DEADLINE_MS,
): Promise<TransactionStatus> {
  const giveUp = Date.now() + deadlineMs;
  let cause: unknown;
  while (Date.now() < giveUp) {
    cause = (await session.submit(transaction).catch((error: unknown) => error)) ?? cause;
    const wait = Math.min(COMMIT_WAIT_MS, giveUp - Date.now());
    const status = await session.status(transaction.transactionId, wait);
    if (status !== undefined) return status;
  }
  throw new ExchangeError('OUTCOME_UNKNOWN', 'Nobody could say whether the transaction was committed', {
    cause,
    details: { transactionId: transaction.transactionId },
  });
}

/** A transaction that the chain holds with another code than VALID has changed nothing; trying again is the caller's decision. */
export function invalid(transactionId: string, code: number): ExchangeError {
  return new ExchangeError('CONFLICT', 'The transaction was not valid when its turn came', {
    details: { transactionId, validationCode: code },
  });
}
