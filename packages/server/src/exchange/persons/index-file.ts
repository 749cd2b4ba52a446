import { createHmac } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { lengthPrefixed, utf8, type PersonId } from '@healthchain/core';
import { ownerOnly } from '../../store/index.ts';
import type { MatchingKey } from '../context.ts';

/**
 * HMAC(matching key version, system ‖ value) → person (custody.md section 2): found by exact identifiers, never listed. A file of
 * its own at hospitals and the authority; each row can be deleted. Identifiers themselves stand nowhere in it.
 */
export class IdentifierIndex {
  readonly #database: DatabaseSync;
  readonly #key: MatchingKey;

  private constructor(database: DatabaseSync, key: MatchingKey) {
    this.#database = database;
    this.#key = key;
  }

  static open(directory: string, key: MatchingKey): IdentifierIndex {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(ownerOnly(join(directory, 'persons.sqlite')));
    database.exec(`
      PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA secure_delete = on;
      CREATE TABLE IF NOT EXISTS identifier (
        channel TEXT NOT NULL, keyVersion INTEGER NOT NULL, indexKey TEXT NOT NULL, personId TEXT NOT NULL,
        PRIMARY KEY (channel, keyVersion, indexKey, personId)
      ) STRICT, WITHOUT ROWID;`);
    return new IdentifierIndex(database, key);
  }

  get keyVersion(): number {
    return this.#key.version;
  }

  /** @param identifier `system|value` */
  indexKey(identifier: string): string {
    const border = identifier.indexOf('|');
    const parts = lengthPrefixed(utf8(identifier.slice(0, border)), utf8(identifier.slice(border + 1)));
    return createHmac('sha256', this.#key.key)
      .update(`healthchain/v1/identifier`)
      .update(parts)
      .digest('hex');
  }

  put(channel: string, indexKeys: readonly string[], personId: PersonId): void {
    const insert = this.#database.prepare('INSERT OR IGNORE INTO identifier VALUES (?, ?, ?, ?)');
    for (const indexKey of indexKeys) insert.run(channel, this.#key.version, indexKey, personId);
  }

  /** The persons that carry any of the keys, each once. */
  find(channel: string, indexKeys: readonly string[]): readonly PersonId[] {
    const rows = this.#database
      .prepare(
        `SELECT DISTINCT personId FROM identifier
          WHERE channel = ? AND keyVersion = ? AND indexKey IN (SELECT value FROM json_each(?)) ORDER BY personId`,
      )
      .all(channel, this.#key.version, JSON.stringify(indexKeys));
    return rows.map((row) => row['personId'] as PersonId);
  }

  deletePerson(personId: PersonId): void {
    this.#database.prepare('DELETE FROM identifier WHERE personId = ?').run(personId);
  }

  close(): void {
    this.#database.close();
  }
}
