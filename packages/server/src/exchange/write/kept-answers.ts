import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { UserId } from '@healthchain/core';
import type { Caller, KeptAnswer, KeptAnswers, RepeatKey } from '../../ports.ts';

/** How long an answer is kept for a repeated request. */
export const KEPT_MS = 7 * 86_400_000;
/** Answers kept for one caller; the oldest go first. A batch of the largest size needs one for each entry. */
export const MAX_KEPT_PER_CALLER = 20_000;

/** What a write leaves under its key. */
export interface AnswerToKeep {
  readonly userId: UserId;
  readonly repeat: RepeatKey;
  readonly answer: string;
  /** `meta.lastUpdated` of what the transaction writes. */
  readonly lastUpdated: string;
}

interface Columns {
  readonly fingerprint: string;
  readonly answer: string;
  readonly lastUpdated: string | null;
  readonly settled: number;
}

/**
 * The answers under idempotency keys. One that a write leaves is stored with the signed transaction, before an orderer sees it, and
 * counts from the SQLite transaction on that applies the write's effects; it goes when the transaction comes to nothing. The table
 * lies in the file of the plaintext store: whoever deletes that file forgets the keys.
 */
export class StoredAnswers implements KeptAnswers {
  readonly #clock: () => Date;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #settle: StatementSync;
  readonly #drop: StatementSync;
  readonly #expire: StatementSync;
  readonly #overflow: StatementSync;

  /** The tables of facts/schema.ts are there. */
  constructor(database: DatabaseSync, clock: () => Date) {
    this.#clock = clock;
    this.#find = database.prepare(
      'SELECT fingerprint, answer, lastUpdated, settled FROM exchange_answer WHERE userId = ? AND key = ? AND (at > ? OR settled = 0)',
    );
    this.#insert = database.prepare('INSERT OR REPLACE INTO exchange_answer VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#settle = database.prepare('UPDATE exchange_answer SET settled = 1 WHERE transactionId = ?');
    this.#drop = database.prepare('DELETE FROM exchange_answer WHERE transactionId = ? AND settled = 0');
    this.#expire = database.prepare(
      'DELETE FROM exchange_answer WHERE userId = ? AND at <= ? AND settled = 1',
    );
    this.#overflow = database.prepare(
      `DELETE FROM exchange_answer WHERE settled = 1 AND (userId, key) IN
        (SELECT userId, key FROM exchange_answer WHERE userId = ? ORDER BY at DESC LIMIT -1 OFFSET ?)`,
    );
  }

  find({ userId }: Caller, key: string): KeptAnswer | undefined {
    const row = this.#find.get(userId, key, this.#clock().getTime() - KEPT_MS);
    if (row === undefined) return undefined;
    const { fingerprint, answer, lastUpdated, settled } = row as unknown as Columns;
    return {
      fingerprint,
      answer,
      isSettled: settled === 1,
      ...(lastUpdated === null ? {} : { lastUpdated }),
    };
  }

  keep({ userId }: Caller, { key, fingerprint }: RepeatKey, answer: string): void {
    this.#makeRoom(userId);
    this.#insert.run(userId, key, fingerprint, null, 1, answer, null, this.#clock().getTime());
  }

  /** Within the SQLite transaction that makes the signed transaction durable. Another proposal of the same write replaces it. */
  add(transactionId: string, { userId, repeat, answer, lastUpdated }: AnswerToKeep): void {
    const { key, fingerprint } = repeat;
    this.#makeRoom(userId);
    this.#insert.run(
      userId,
      key,
      fingerprint,
      transactionId,
      0,
      answer,
      lastUpdated,
      this.#clock().getTime(),
    );
  }

  /** Within the SQLite transaction that applies the effects, or says that there are none. */
  settle(transactionId: string, outcome: 'valid' | 'void'): void {
    (outcome === 'valid' ? this.#settle : this.#drop).run(transactionId);
  }

  #makeRoom(userId: UserId): void {
    this.#expire.run(userId, this.#clock().getTime() - KEPT_MS);
    this.#overflow.run(userId, MAX_KEPT_PER_CALLER - 1);
  }
}
