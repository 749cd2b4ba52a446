/**
 * Tables that searches run on: one row of `head` for the current version of each resource, and its index rows. They are derived
 * from the versions and can be dropped and built again. Absent text is '' rather than NULL, so that rows can be keys.
 *
 * Numbers: `low` and `high` of idx_date are milliseconds since 1970, the interval [low, high) that the value's precision covers;
 * those of idx_number the interval that a Range or comparator covers, both ends included. Open ends are LOWEST and HIGHEST.
 */
export const SEARCH_TABLES = `
CREATE TABLE IF NOT EXISTS access_class (
  id INTEGER PRIMARY KEY, type TEXT NOT NULL, author TEXT NOT NULL, persons TEXT NOT NULL, labels TEXT NOT NULL,
  UNIQUE (type, author, persons, labels)
);
CREATE TABLE IF NOT EXISTS access_person (
  person TEXT NOT NULL, class INTEGER NOT NULL, PRIMARY KEY (person, class)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS head (
  key INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, updated INTEGER NOT NULL,
  position INTEGER NOT NULL, deleted INTEGER NOT NULL, class INTEGER NOT NULL, UNIQUE (type, id)
);
CREATE INDEX IF NOT EXISTS head_order ON head (type, position);
CREATE INDEX IF NOT EXISTS head_class ON head (class);
CREATE TABLE IF NOT EXISTS parameter (id INTEGER PRIMARY KEY, type TEXT NOT NULL, code TEXT NOT NULL, UNIQUE (type, code));

CREATE TABLE IF NOT EXISTS idx_token (
  param INTEGER NOT NULL, code TEXT NOT NULL, system TEXT NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (param, code, system, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idx_token_key ON idx_token (key, param);
CREATE TABLE IF NOT EXISTS idx_string (
  param INTEGER NOT NULL, folded TEXT NOT NULL, exact TEXT NOT NULL, key INTEGER NOT NULL,
  PRIMARY KEY (param, folded, exact, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idx_string_key ON idx_string (key, param);
CREATE TABLE IF NOT EXISTS idx_date (
  param INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (param, low, high, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idx_date_key ON idx_date (key, param);
CREATE TABLE IF NOT EXISTS idx_number (
  param INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL, system TEXT NOT NULL, code TEXT NOT NULL, unit TEXT NOT NULL,
  key INTEGER NOT NULL, PRIMARY KEY (param, low, high, system, code, unit, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idx_number_key ON idx_number (key, param);
CREATE TABLE IF NOT EXISTS idx_reference (
  param INTEGER NOT NULL, target TEXT NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (param, target, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idx_reference_key ON idx_reference (key, param);
CREATE INDEX IF NOT EXISTS idx_reference_target ON idx_reference (target, param);
CREATE TABLE IF NOT EXISTS idx_uri (
  param INTEGER NOT NULL, value TEXT NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (param, value, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idx_uri_key ON idx_uri (key, param);
CREATE TABLE IF NOT EXISTS idx_composite (
  param INTEGER NOT NULL, first_code TEXT NOT NULL, first_system TEXT NOT NULL, code TEXT NOT NULL, system TEXT NOT NULL,
  low REAL NOT NULL, high REAL NOT NULL, unit TEXT NOT NULL, folded TEXT NOT NULL, exact TEXT NOT NULL, key INTEGER NOT NULL,
  PRIMARY KEY (param, first_code, first_system, code, system, low, high, unit, folded, exact, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idx_composite_key ON idx_composite (key, param);
`;

export const INDEX_TABLES = [
  'idx_token',
  'idx_string',
  'idx_date',
  'idx_number',
  'idx_reference',
  'idx_uri',
  'idx_composite',
] as const;
export type IndexTable = (typeof INDEX_TABLES)[number];
