/**
 * What the followed blocks say, projected for this server's own questions. Everything here can be dropped and comes again from
 * block 0; only `exchange_outbox` and `exchange_answer` cannot. The tables live in the file of the plaintext store, so that a block's facts, its records
 * and the position change in one transaction.
 */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS ledger_position (
  channel TEXT PRIMARY KEY, number INTEGER NOT NULL, headerHash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every version of every record of any organisation. header and content are the JSON of contracts' VersionRow.
CREATE TABLE IF NOT EXISTS ledger_version (
  recordId TEXT NOT NULL, version INTEGER NOT NULL, channel TEXT NOT NULL, kind TEXT NOT NULL,
  author TEXT NOT NULL, header TEXT NOT NULL, content TEXT, at TEXT NOT NULL,
  transactionId TEXT NOT NULL, block INTEGER NOT NULL, sequence INTEGER NOT NULL, ciphertext BLOB,
  PRIMARY KEY (recordId, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS ledger_version_transaction ON ledger_version (transactionId);

-- The head of each record under each of its persons. categories is a JSON list.
CREATE TABLE IF NOT EXISTS ledger_head (
  personId TEXT NOT NULL, recordId TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL, author TEXT NOT NULL,
  categories TEXT NOT NULL,
  PRIMARY KEY (personId, recordId)
) STRICT, WITHOUT ROWID;

-- Latest rows of the small tables of the contracts' state, by their own keys.
CREATE TABLE IF NOT EXISTS ledger_row (
  channel TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, person TEXT, row TEXT NOT NULL,
  transactionId TEXT NOT NULL, block INTEGER NOT NULL,
  PRIMARY KEY (channel, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ledger_row_person ON ledger_row (person, kind) WHERE person IS NOT NULL;

-- The certificate with which each organisation's server signed on the ledger last: whose key answers and log entries carry.
CREATE TABLE IF NOT EXISTS ledger_server (
  channel TEXT NOT NULL, mspId TEXT NOT NULL, certificate TEXT NOT NULL, PRIMARY KEY (channel, mspId)
) STRICT, WITHOUT ROWID;

-- Own versions on the ledger whose plaintext this store does not have.
CREATE TABLE IF NOT EXISTS exchange_missing (
  recordId TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (recordId, version)
) STRICT, WITHOUT ROWID;

-- Writes that were signed for the orderers and whose outcome no applied block has shown.
CREATE TABLE IF NOT EXISTS exchange_outbox (
  transactionId TEXT PRIMARY KEY, channel TEXT NOT NULL, userId TEXT NOT NULL, transactionBytes BLOB NOT NULL,
  records TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What repeated requests are answered (write/kept-answers.ts). settled = 0: its transaction is in the outbox.
CREATE TABLE IF NOT EXISTS exchange_answer (
  userId TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, transactionId TEXT, settled INTEGER NOT NULL,
  answer TEXT NOT NULL, lastUpdated TEXT, at INTEGER NOT NULL, PRIMARY KEY (userId, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS exchange_answer_transaction ON exchange_answer (transactionId) WHERE transactionId IS NOT NULL;
CREATE INDEX IF NOT EXISTS exchange_answer_age ON exchange_answer (userId, at);
`;
