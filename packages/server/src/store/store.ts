import { DatabaseSync } from 'node:sqlite';
import type { PersonId, RecordId } from '@healthchain/core';
import type { SearchSource } from '../search/source.ts';
import type { CommittedVersion, Permitted, StoredVersion } from './types.ts';

export interface HistoryQuery {
  readonly type?: string;
  readonly id?: RecordId;
  /** FHIR instant: versions at or after it. */
  readonly since?: string;
  readonly count: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface HistoryPage {
  /** Newest first, in commit order. */
  readonly versions: readonly StoredVersion[];
  readonly total: number;
  readonly next?: string;
}

/** Small values of one concern, durable, in the same file and transactions as the records. */
export interface KeyValues {
  get(key: string): Uint8Array | undefined;
  put(key: string, value: Uint8Array | string): void;
  delete(key: string): void;
  /** In key order. */
  list(prefix?: string): readonly { readonly key: string; readonly value: Uint8Array }[];
}

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
   */
  history(query: HistoryQuery, permitted: Permitted): Promise<HistoryPage>;
  /** The current versions of everything about a person, commit order, tombstones left out. */
  ofPerson(person: PersonId): readonly StoredVersion[];
  /** Runs in one transaction; nests. An exception rolls back everything since the outermost `transaction` began. */
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
}

export declare function openStore(path: string, options?: StoreOptions): Store;
