import type { DatabaseSync } from 'node:sqlite';
import type { RecordId, RecordLabels, UserId } from '@healthchain/core';
import type { Store } from '../../store/index.ts';
import type { AnswerToKeep, StoredAnswers } from './kept-answers.ts';

/** The plaintext of one version in the outbox: what the ledger does not show of it. */
export interface OutboxRecord {
  readonly recordId: RecordId;
  readonly version: number;
  readonly type: string;
  /** Canonical JSON as the commitment covers it; null for a tombstone. */
  readonly text: string | null;
  readonly labels: RecordLabels;
}

export interface OutboxRow {
  readonly transactionId: string;
  readonly channel: string;
  readonly userId: UserId;
  /** The signed transaction, to be submitted again unchanged. */
  readonly bytes: Uint8Array;
  readonly records: readonly OutboxRecord[];
}

/** A row, and the answer that is stored with it for a repeated request. */
type RowToAdd = OutboxRow & { readonly keep?: AnswerToKeep };

interface Columns {
  readonly transactionId: string;
  readonly channel: string;
  readonly userId: string;
  readonly transactionBytes: Uint8Array;
  readonly records: string;
}

/**
 * Signed transactions on their way to the ledger. A row stands here, durable, before the first orderer sees its transaction, and
 * leaves in the SQLite transaction that applies the block in which it was found.
 */
export class Outbox {
  readonly #store: Store;
  readonly #database: DatabaseSync;
  /** The ids of the rows: most transactions of a block are somebody else's. */
  readonly #ids: Set<string>;
  readonly #answers: StoredAnswers;
  #waiting: {
    readonly row: RowToAdd;
    readonly done: () => void;
    readonly failed: (error: unknown) => void;
  }[] = [];

  /** The tables of facts/schema.ts are there. */
  constructor(store: Store, answers: StoredAnswers) {
    this.#store = store;
    this.#answers = answers;
    this.#database = store.database;
    const rows = this.#database.prepare('SELECT transactionId FROM exchange_outbox').all();
    this.#ids = new Set(rows.map((row) => row['transactionId'] as string));
  }

  /** Durable when the promise resolves. Rows of one turn of the event loop share one fsync. */
  add(row: RowToAdd): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ row, done, failed });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
    });
  }

  get(transactionId: string): OutboxRow | undefined {
    if (!this.#ids.has(transactionId)) return undefined;
    const columns = this.#database
      .prepare('SELECT * FROM exchange_outbox WHERE transactionId = ?')
      .get(transactionId);
    return columns === undefined ? undefined : toRow(columns as unknown as Columns);
  }

  /** Deletes the row: its transaction is VALID in a block, or has no effect. Who does it inside a larger transaction says `forget` once that is committed, for it may be rolled back. */
  remove(transactionId: string, outcome: 'valid' | 'void'): void {
    if (!this.#ids.has(transactionId)) return;
    this.#answers.settle(transactionId, outcome);
    this.#database.prepare('DELETE FROM exchange_outbox WHERE transactionId = ?').run(transactionId);
  }

  forget(transactionId: string): void {
    this.#ids.delete(transactionId);
  }

  all(): readonly OutboxRow[] {
    return this.#database
      .prepare('SELECT * FROM exchange_outbox ORDER BY transactionId')
      .all()
      .map((columns) => toRow(columns as unknown as Columns));
  }

  ids(): readonly string[] {
    return [...this.#ids];
  }

  get size(): number {
    return this.#ids.size;
  }

  #flush(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      this.#store.transaction(() => {
        const insert = this.#database.prepare('INSERT INTO exchange_outbox VALUES (?, ?, ?, ?, ?)');
        for (const { row } of batch) {
          insert.run(row.transactionId, row.channel, row.userId, row.bytes, JSON.stringify(row.records));
          if (row.keep !== undefined) this.#answers.add(row.transactionId, row.keep);
        }
      });
    } catch (error) {
      for (const { failed } of batch) failed(error);
      return;
    }
    for (const { row, done } of batch) {
      this.#ids.add(row.transactionId);
      done();
    }
  }
}

function toRow(columns: Columns): OutboxRow {
  const { transactionId, channel, userId, transactionBytes, records } = columns;
  return {
    transactionId,
    channel,
    userId,
    bytes: transactionBytes,
    records: JSON.parse(records) as OutboxRecord[],
  };
}
