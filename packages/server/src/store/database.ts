import { DatabaseSync } from 'node:sqlite';
import { StoreError } from './errors.ts';
import { ownerOnly } from './private-file.ts';
import { SCHEMA_VERSION, STORE_TABLES } from './schema.ts';

/** Rewritten pages keep no remains of what was deleted (custody.md section 6), and a returned commit is on disk. */
const SETTINGS = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = ON;
PRAGMA temp_store = MEMORY;
PRAGMA foreign_keys = ON;
PRAGMA busy_timeout = 5000;
PRAGMA cache_size = -65536;
PRAGMA wal_autocheckpoint = 8000;
`;

const IN_MEMORY = ':memory:';

/** A file is its owner's alone. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path === IN_MEMORY ? path : ownerOnly(path));
  try {
    database.exec(SETTINGS);
    checkSchema(database);
    database.exec(`BEGIN IMMEDIATE; ${STORE_TABLES}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function checkSchema(database: DatabaseSync): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (found === 0 || found === SCHEMA_VERSION) return;
  throw new StoreError(
    'WRONG_SCHEMA',
    `The store has schema ${found}, this program needs ${SCHEMA_VERSION}: rebuild it`,
    {
      details: { found, needed: SCHEMA_VERSION },
    },
  );
}
