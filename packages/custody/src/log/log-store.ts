import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { toBase64, toHex, type Bytes } from '@healthchain/core';
import { openDatabase } from '../store/database.ts';
import type { Randomness } from '../ports.ts';
import type { Checkpoint } from './checkpoint.ts';
import { MAX_ENTRIES_OF_PERSON, type LogEntry, type SignedEntry } from './format.ts';
import { TREE_SCHEMA } from './stored-tree.ts';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS entries (
  sequence INTEGER PRIMARY KEY, text TEXT NOT NULL, random BLOB NOT NULL, leaf BLOB NOT NULL, signature BLOB NOT NULL,
  person TEXT NOT NULL, number INTEGER NOT NULL, request_id TEXT NOT NULL, due INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS entries_by_person ON entries (person, number, sequence, leaf);
CREATE INDEX IF NOT EXISTS entries_by_request ON entries (request_id);
CREATE TABLE IF NOT EXISTS emergencies (
  transaction_id TEXT PRIMARY KEY, person TEXT NOT NULL, member TEXT NOT NULL, user_id TEXT NOT NULL,
  first_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoints (
  size INTEGER PRIMARY KEY, root TEXT NOT NULL, map_root TEXT NOT NULL, confirmed INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS secret (one INTEGER PRIMARY KEY CHECK (one = 1), salt BLOB NOT NULL) STRICT;
${TREE_SCHEMA}`;

/** An entry about to be stored. */
export interface EntryRow {
  readonly entry: LogEntry;
  readonly text: string;
  readonly random: Bytes;
  readonly leaf: Bytes;
  readonly signature: Uint8Array;
  /** Milliseconds since 1970 by which it must be checkpointed. */
  readonly due: number;
}

export interface Head {
  readonly person: string;
  readonly count: number;
  readonly leaf: Bytes;
}

export interface StoredEntry extends SignedEntry {
  readonly sequence: number;
}

/** An emergency under which this custodian released. */
export interface OpenEmergency {
  readonly transactionId: string;
  readonly person: string;
  readonly member: string;
  readonly userId: string;
  /** First release under it, in milliseconds since 1970. */
  readonly firstAt: number;
}

type Row = Record<string, SQLOutputValue>;

/** The tables of one access log. Knows SQL and nothing of trees, proofs or rules. */
export class LogStore {
  readonly database: DatabaseSync;
  /** Salts the rows of the map; part of the log, so that a restored log proves what it proved before. */
  readonly salt: Bytes;
  readonly #insert: StatementSync;
  readonly #head: StatementSync;
  readonly #size: StatementSync;
  readonly #ofRequest: StatementSync;

  constructor(file: string, owner: { readonly channel: string; readonly mspId: string }, random: Randomness) {
    this.database = openDatabase(file, { format: 'healthchain/v1/access-log', ...owner }, SCHEMA);
    this.database.prepare('INSERT OR IGNORE INTO secret (one, salt) VALUES (1, ?)').run(random(32));
    this.salt = blob(this.database.prepare('SELECT salt FROM secret').get() as Row, 'salt');
    this.#insert = this.database.prepare('INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#size = this.database.prepare('SELECT max(sequence) + 1 AS size FROM entries');
    this.#ofRequest = this.database.prepare('SELECT * FROM entries WHERE request_id = ? ORDER BY sequence');
    this.#head = this.database.prepare(
      'SELECT number, leaf FROM entries WHERE person = ? ORDER BY number DESC LIMIT 1',
    );
  }

  get size(): number {
    return Number(this.#size.get()?.['size'] ?? 0);
  }

  insert({ entry, text, random, leaf, signature, due }: EntryRow): void {
    const indexed = [entry.person, entry.number, entry.requestId, due] as const;
    this.#insert.run(entry.sequence, text, random, leaf, signature, ...indexed);
    const { emergency, subject } = entry;
    if (emergency === undefined || subject.userId === undefined || entry.kind !== 'released') return;
    this.database
      .prepare('INSERT OR IGNORE INTO emergencies VALUES (?, ?, ?, ?, ?)')
      .run(emergency, entry.person, subject.mspId, subject.userId, Date.parse(entry.time));
  }

  /** The patient's last entry. */
  headOf(person: string): Head | undefined {
    const row = this.#head.get(person);
    return row === undefined ? undefined : { person, count: Number(row['number']), leaf: blob(row, 'leaf') };
  }

  /** The last entry within [begin, end) of each patient who has one there. */
  heads(begin: number, end: number): Head[] {
    const rows = this.database
      .prepare(
        'SELECT person, max(number) AS number, leaf FROM entries WHERE sequence >= ? AND sequence < ? GROUP BY person',
      )
      .all(begin, end);
    return rows.map((row) => ({
      person: String(row['person']),
      count: Number(row['number']),
      leaf: blob(row, 'leaf'),
    }));
  }

  ofPerson(person: string): StoredEntry[] {
    const rows = this.database
      .prepare('SELECT * FROM entries WHERE person = ? ORDER BY number LIMIT ?')
      .all(person, MAX_ENTRIES_OF_PERSON + 1);
    return rows.map(storedEntry);
  }

  ofRequest(requestId: string): StoredEntry[] {
    return this.#ofRequest.all(requestId).map(storedEntry);
  }

  /** The whole log in order, for an audit. */
  all(): Generator<StoredEntry & { readonly leaf: Bytes }> {
    return allEntries(this.database);
  }

  earliestDue(fromSequence: number): number | undefined {
    const row = this.database
      .prepare('SELECT min(due) AS due FROM entries WHERE sequence >= ?')
      .get(fromSequence);
    return typeof row?.['due'] === 'number' ? row['due'] : undefined;
  }

  emergenciesSince(time: number): OpenEmergency[] {
    const rows = this.database.prepare('SELECT * FROM emergencies WHERE first_at >= ?').all(time);
    return rows.map((row) => ({
      transactionId: String(row['transaction_id']),
      person: String(row['person']),
      member: String(row['member']),
      userId: String(row['user_id']),
      firstAt: Number(row['first_at']),
    }));
  }

  saveCheckpoint(checkpoint: Pick<Checkpoint, 'size' | 'root' | 'mapRoot'>, confirmed: boolean): void {
    this.database
      .prepare(
        'INSERT INTO checkpoints VALUES (?, ?, ?, ?) ON CONFLICT (size) DO UPDATE SET confirmed = max(confirmed, excluded.confirmed)',
      )
      .run(checkpoint.size, checkpoint.root, checkpoint.mapRoot, confirmed ? 1 : 0);
  }

  lastCheckpoint(confirmed: boolean): Pick<Checkpoint, 'size' | 'root' | 'mapRoot'> | undefined {
    const row = this.database
      .prepare('SELECT * FROM checkpoints WHERE confirmed = ? ORDER BY size DESC LIMIT 1')
      .get(confirmed ? 1 : 0);
    if (row === undefined) return undefined;
    return { size: Number(row['size']), root: String(row['root']), mapRoot: String(row['map_root']) };
  }

  close(): void {
    this.database.close();
  }
}

export function* allEntries(database: DatabaseSync): Generator<StoredEntry & { readonly leaf: Bytes }> {
  for (const row of database.prepare('SELECT * FROM entries ORDER BY sequence').iterate()) {
    yield { ...storedEntry(row), leaf: blob(row, 'leaf') };
  }
}

function storedEntry(row: Row): StoredEntry {
  return {
    sequence: Number(row['sequence']),
    text: String(row['text']),
    random: toHex(blob(row, 'random')),
    signature: toBase64(blob(row, 'signature')),
  };
}

function blob(row: Row, name: string): Bytes {
  return row[name] as Bytes;
}
