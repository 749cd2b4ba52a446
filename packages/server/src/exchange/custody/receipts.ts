import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseEntry, type SignedEntry } from '@healthchain/custody';
import { ownerOnly } from '../../store/index.ts';

/**
 * The signed log entries that other custodians handed out with their answers: one that is missing from a later log proves
 * misbehaviour (custody.md section 5). They name record ids and users, no content.
 */
export class Receipts {
  readonly #database: DatabaseSync;

  constructor(directory: string) {
    this.#database = new DatabaseSync(ownerOnly(join(directory, 'receipts.sqlite')));
    this.#database.exec(`
      PRAGMA journal_mode = wal; PRAGMA synchronous = normal;
      CREATE TABLE IF NOT EXISTS receipt (
        channel TEXT NOT NULL, custodian TEXT NOT NULL, sequence INTEGER NOT NULL, person TEXT NOT NULL, entry TEXT NOT NULL,
        PRIMARY KEY (channel, custodian, sequence)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS receipt_person ON receipt (person);`);
  }

  keep(entries: readonly SignedEntry[]): void {
    if (entries.length === 0) return;
    const insert = this.#database.prepare('INSERT OR IGNORE INTO receipt VALUES (?, ?, ?, ?, ?)');
    this.#database.exec('BEGIN');
    for (const signed of entries) {
      const { channel, custodian, sequence, person } = parseEntry(signed.text);
      insert.run(channel, custodian, sequence, person, JSON.stringify(signed));
    }
    this.#database.exec('COMMIT');
  }

  of(person: string): readonly SignedEntry[] {
    return this.#database
      .prepare('SELECT entry FROM receipt WHERE person = ? ORDER BY channel, custodian, sequence')
      .all(person)
      .map((row) => JSON.parse(row['entry'] as string) as SignedEntry);
  }

  close(): void {
    this.#database.close();
  }
}
