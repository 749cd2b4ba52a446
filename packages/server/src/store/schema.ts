import { SEARCH_TABLES } from '../search/tables.ts';

/** Rises when the tables change; a file of another version is refused: drop it and rebuild. */
export const SCHEMA_VERSION = 1;

/**
 * `record_version` is what the ledger committed, opened; everything else but `key_value` derives from it. `position` orders the
 * versions of all channels: block number, then place in the block. `strict` is the access class with the version's categories and
 * the strictest labels of any version of its record (health.md section 5: history and vread).
 */
export const STORE_TABLES = `
CREATE TABLE IF NOT EXISTS record_version (
  type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, last_updated TEXT NOT NULL, updated INTEGER NOT NULL,
  position INTEGER NOT NULL, class INTEGER NOT NULL, strict INTEGER NOT NULL, channel TEXT NOT NULL, transaction_id TEXT NOT NULL,
  block INTEGER NOT NULL, sequence INTEGER NOT NULL, text TEXT, PRIMARY KEY (type, id, version)
);
CREATE INDEX IF NOT EXISTS version_order ON record_version (position, id);
CREATE INDEX IF NOT EXISTS version_type_order ON record_version (type, position, id);
CREATE TABLE IF NOT EXISTS key_value (
  namespace TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (namespace, key)
) WITHOUT ROWID;
${SEARCH_TABLES}`;

/** Tables that `clear` empties, children first. */
export const DERIVED_TABLES = [
  'record_version',
  'head',
  'access_person',
  'access_class',
  'parameter',
] as const;

const PLACES_PER_BLOCK = 2 ** 24;

export function positionOf(blockNumber: number, sequence: number): number {
  return blockNumber * PLACES_PER_BLOCK + sequence;
}
