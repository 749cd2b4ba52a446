import type { DatabaseSync } from 'node:sqlite';

/**
 * What the exchange needs of the plaintext store: its tables for outbox, position and ledger facts live in the same SQLite file
 * and change in the same transaction as the records.
 */
export interface PlaintextStore {
  readonly database: DatabaseSync;
}
