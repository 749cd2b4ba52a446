import type { ExchangeLog } from '../context.ts';
import { classify } from '../sessions/failures.ts';
import type { LedgerSession } from '../sessions/session.ts';
import { COMMIT_WAIT_MS } from '../sessions/limits.ts';
import type { Outbox, OutboxRow } from './outbox.ts';
import type { Outcomes } from './outcomes.ts';

/** Refusals in a row by orderers, with no peer showing the transaction, after which it is given up and undone. */
const REFUSALS_BEFORE_UNDO = 5;

export interface RecoveryOptions {
  readonly outbox: Outbox;
  readonly outcomes: Outcomes;
  /** Sessions of the server's own identity, by channel. */
  readonly sessionOf: (channel: string) => LedgerSession;
  readonly log: ExchangeLog;
}

/**
 * Finishes or undoes what a crash or an unclear outcome left in the outbox. A row goes when the follower applies a block with its
 * transaction; this only makes sure that the transaction gets into one, by submitting the same bytes again.
 */
export class OutboxRecovery {
  readonly #options: RecoveryOptions;
  readonly #refusals = new Map<string, number>();

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  /** One pass over the rows that no running write waits for. */
  async pass(): Promise<void> {
    const { outbox, outcomes } = this.#options;
    for (const row of outbox.all()) {
      if (!outcomes.isExpected(row.transactionId)) await this.#resolve(row);
    }
  }

  async #resolve(row: OutboxRow): Promise<void> {
    const session = this.#options.sessionOf(row.channel);
    if ((await session.status(row.transactionId, COMMIT_WAIT_MS)) !== undefined) return;
    const failure = await session.submit(row).then(
      () => undefined,
      (error: unknown) => error,
    );
    const refused = failure !== undefined && classify(causeOf(failure)).kind === 'rejected';
    const refusals = refused ? (this.#refusals.get(row.transactionId) ?? 0) + 1 : 0;
    this.#refusals.set(row.transactionId, refusals);
    if (refusals >= REFUSALS_BEFORE_UNDO) this.#undo(row);
  }

  #undo(row: OutboxRow): void {
    this.#refusals.delete(row.transactionId);
    this.#options.outbox.remove(row.transactionId, 'void');
    this.#options.outbox.forget(row.transactionId);
    this.#options.log.warn('write undone', { transactionId: row.transactionId });
  }
}

function causeOf(failure: unknown): unknown {
  return failure instanceof Error && failure.cause !== undefined ? failure.cause : failure;
}
