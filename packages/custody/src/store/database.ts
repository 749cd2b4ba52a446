import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CustodyError } from '../errors.ts';

/** What a store is and whose; a file that says otherwise is refused. */
export interface StoreName {
  readonly format: string;
  readonly channel: string;
  readonly mspId: string;
}

/**
 * A SQLite file, readable by its owner alone. A transaction is on disk when it returns; what is deleted is overwritten.
 *
 * @throws CustodyError STORE_MISMATCH when the file is another store
 */
export function openDatabase(file: string, name: StoreName, schema: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const isFresh = !existsSync(file);
  const database = new DatabaseSync(file);
  if (isFresh) chmodSync(file, 0o600);
  database.exec('PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA secure_delete = on;');
  try {
    transaction(database, () => {
      database.exec('CREATE TABLE IF NOT EXISTS store (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT');
      database.exec(schema);
      claim(database, name);
    });
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** Commits what `work` did, or nothing of it. */
export function transaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}

function claim(database: DatabaseSync, name: StoreName): void {
  const set = database.prepare('INSERT OR IGNORE INTO store (name, value) VALUES (?, ?)');
  const get = database.prepare('SELECT value FROM store WHERE name = ?');
  for (const key of ['format', 'channel', 'mspId'] as const) {
    const value = name[key];
    set.run(key, value);
    const found = get.get(key)?.['value'];
    if (found !== value) {
      throw new CustodyError('STORE_MISMATCH', `The store's ${key} is ${String(found)}, not ${value}`);
    }
  }
}
