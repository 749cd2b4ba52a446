import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { PersonId, RecordId } from '@healthchain/core';
import type { SearchSource } from '../search/source.ts';
import { INDEX_TABLES } from '../search/tables.ts';
import { IndexWriter } from '../search/writer.ts';
import { AccessClasses } from './access.ts';
import { CommitApplier } from './apply.ts';
import { openDatabase } from './database.ts';
import { type HistoryPage, type HistoryQuery, readHistory } from './history.ts';
import { type KeyValues, keyValuesOf } from './key-values.ts';
import { DERIVED_TABLES } from './schema.ts';
import type { CommittedVersion, Permitted, StoredVersion } from './types.ts';
import { VERSION_COLUMNS, VERSION_TABLES, versionOf } from './version-row.ts';

/**
 * The searchable plaintext of one organisation: its own records and the directory. Derived from ledger and custodians, so it can
 * be dropped and built again; what `keyValues` and `database` hold of other concerns lives in the same file.
 * All methods are synchronous and durable on return (synchronous=full) unless inside `transaction`.
 */
export interface Store extends SearchSource {
  /** All of the batch or nothing; versions that are already there are left alone. */
  applyCommitted(batch: readonly CommittedVersion[]): void;
  /** The current version, tombstones included. */
  get(type: string, id: RecordId): StoredVersion | undefined;
  version(type: string, id: RecordId, version: number): StoredVersion | undefined;
  /** Every version of one resource, oldest first. */
  versions(type: string, id: RecordId): readonly StoredVersion[];
  /**
   * One page of the history of a resource, a type or the server, versions that `permitted` refuses left out of page and total.
   * A version is judged by its own categories and the strictest labels of any version of its record (health.md section 5).
   *
   * @throws StoreError BAD_CURSOR, BAD_INSTANT
   */
  history(query: HistoryQuery, permitted: Permitted): Promise<HistoryPage>;
  /** The current versions of everything about a person, commit order, tombstones left out. */
  ofPerson(person: PersonId): readonly StoredVersion[];
  /**
   * Runs in one transaction; nests. An exception that leaves the outermost call rolls everything back, and one that leaves an
   * inner call must not be swallowed in between. `run` is synchronous.
   */
  transaction<T>(run: () => T): T;
  keyValues(namespace: string): KeyValues;
  readonly database: DatabaseSync;
  /** Removes every version and index row; key values stay. */
  clear(): void;
  close(): void;
}

export interface StoreOptions {
  /** FHIR base URLs of the members: references below them are the same as relative ones. */
  readonly bases?: readonly string[];
  /** Search parameters to index (`Type.code`), for a store that serves one query; undefined: all. */
  readonly parameters?: ReadonlySet<string>;
}

/**
 * Opens or creates a store; `:memory:` for one that lives for one request.
 *
 * @throws StoreError WRONG_SCHEMA for a file of another version: drop it and rebuild
 */
export function openStore(path: string, { bases = [], parameters }: StoreOptions = {}): Store {
  return new SqliteStore(openDatabase(path), bases, parameters);
}

class SqliteStore implements Store {
  readonly database: DatabaseSync;
  readonly bases: readonly string[];
  private readonly applier: CommitApplier;
  private readonly index: IndexWriter;
  private readonly statements = new Map<string, StatementSync>();
  private depth = 0;

  constructor(database: DatabaseSync, bases: readonly string[], parameters: ReadonlySet<string> | undefined) {
    this.database = database;
    this.bases = bases;
    this.index = new IndexWriter(database, bases, parameters);
    this.applier = new CommitApplier(database, this.index, new AccessClasses(database));
  }

  applyCommitted(batch: readonly CommittedVersion[]): void {
    this.transaction(() => {
      for (const version of batch) this.applier.apply(version);
    });
  }

  get(type: string, id: RecordId): StoredVersion | undefined {
    return this.one('v.type = ? AND v.id = ? ORDER BY v.version DESC LIMIT 1', type, id);
  }

  version(type: string, id: RecordId, version: number): StoredVersion | undefined {
    return this.one('v.type = ? AND v.id = ? AND v.version = ?', type, id, version);
  }

  versions(type: string, id: RecordId): readonly StoredVersion[] {
    return this.all('v.type = ? AND v.id = ? ORDER BY v.version', type, id);
  }

  history(query: HistoryQuery, permitted: Permitted): Promise<HistoryPage> {
    return readHistory(this.database, query, permitted);
  }

  ofPerson(person: PersonId): readonly StoredVersion[] {
    return this.all(
      `(v.type, v.id, v.version) IN (SELECT h.type, h.id, h.version FROM head h JOIN access_person p ON p.class = h.class
        WHERE p.person = ? AND h.deleted = 0) ORDER BY v.position, v.id`,
      person,
    );
  }

  transaction<T>(run: () => T): T {
    if (this.depth === 0) this.database.exec('BEGIN IMMEDIATE');
    this.depth++;
    try {
      const result = run();
      if (this.depth === 1) this.database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.depth === 1) this.rollback();
      throw error;
    } finally {
      this.depth--;
    }
  }

  keyValues(namespace: string): KeyValues {
    return keyValuesOf(this.database, namespace);
  }

  clear(): void {
    this.transaction(() => {
      for (const table of [...INDEX_TABLES, ...DERIVED_TABLES]) this.database.exec(`DELETE FROM ${table}`);
    });
    this.index.reload();
    this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    this.database.close();
  }

  private rollback(): void {
    if (this.database.isTransaction) this.database.exec('ROLLBACK');
    this.index.reload();
  }

  private one(condition: string, ...values: (string | number)[]): StoredVersion | undefined {
    return this.all(condition, ...values)[0];
  }

  private all(condition: string, ...values: (string | number)[]): readonly StoredVersion[] {
    return this.versionsWhere(condition)
      .all(...values)
      .map(versionOf);
  }

  /** The conditions are this class's own few texts. */
  private versionsWhere(condition: string): StatementSync {
    const known = this.statements.get(condition);
    if (known !== undefined) return known;
    const sql = `SELECT ${VERSION_COLUMNS} FROM ${VERSION_TABLES} WHERE ${condition}`;
    const statement = this.database.prepare(sql);
    this.statements.set(condition, statement);
    return statement;
  }
}
