import type { PersonId, RecordId, RecordLabels } from '@healthchain/core';

/** One version of a resource as it stands on the ledger, opened. `(type, id, version)` identifies it. */
export interface CommittedVersion {
  readonly type: string;
  readonly id: RecordId;
  readonly version: number;
  /** FHIR instant; `meta.lastUpdated`. */
  readonly lastUpdated: string;
  /** The bytes as served, the same at every server; null for a tombstone. */
  readonly text: string | null;
  /** Sorted. Empty: a record of no person. */
  readonly persons: readonly PersonId[];
  /** MSP id of the author's organisation. */
  readonly author: string;
  /** Null for an entry of the directory: readable by every member, no gate. */
  readonly labels: RecordLabels | null;
  readonly channel: string;
  readonly transactionId: string;
  readonly blockNumber: number;
  /** Place within the block: any number from 0 that grows in commit order. */
  readonly sequence: number;
}

export interface StoredVersion extends CommittedVersion {
  /** The version's own categories with the strictest labels of any version of its record: what vread and history judge by. */
  readonly historyLabels: RecordLabels | null;
}

/** What a decision about a record depends on; two records with equal facts get one decision. */
export interface AccessFacts {
  readonly type: string;
  readonly persons: readonly PersonId[];
  readonly author: string;
  readonly labels: RecordLabels;
  /** One record with these facts, for gates that want an example. */
  readonly recordId: RecordId;
  readonly version: number;
}

/**
 * Answers, in order, whether the caller may read records with these facts. Asked before totals, chains, includes and sorting, at
 * most MAX_FACTS_PER_QUESTION at a time. What it answers MUST NOT depend on `recordId` and `version`. Directory entries are
 * never asked about.
 */
export type Permitted = (candidates: readonly AccessFacts[]) => Promise<readonly boolean[]>;

export const MAX_FACTS_PER_QUESTION = 1_000;
