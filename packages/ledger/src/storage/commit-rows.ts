import { equalBytes } from '@healthchain/core';
import type { HistoryEntry, StateUpdate } from '../validation/index.ts';
import type { Change } from './key-value.ts';
import * as keys from './ledger-keys.ts';
import { encodeStateRow } from './state-rows.ts';

/** A block with everything its commit changes, as validation found it. */
export interface BlockCommit {
  readonly number: number;
  /** Marshalled common.Block with all its metadata, in parts. */
  readonly parts: readonly Uint8Array[];
  /** The block's envelopes: one list for all nodes that have the block from each other. */
  readonly data: readonly Uint8Array[];
  readonly headerHash: Uint8Array;
  readonly commitHash: Uint8Array | undefined;
  readonly updates: readonly StateUpdate[];
  readonly history: readonly HistoryEntry[];
  readonly transactions: readonly CommittedTransaction[];
}

interface CommittedTransaction {
  readonly txId: string;
  readonly code: number;
  /** Validation has found no transaction of this id before the block. */
  readonly isKnownNew: boolean;
}

interface Encoded {
  readonly commitHash: Uint8Array;
  readonly rows: readonly Change[];
}

const EMPTY = new Uint8Array();
const encoded = new WeakMap<readonly Uint8Array[], Encoded>();

/**
 * The rows that follow from the block and from what validation found, in the state, the history and the index of transactions.
 * Encoded once for the nodes that have come to the same commit hash: it covers every code and every update.
 */
export function commitRows(block: BlockCommit): readonly Change[] {
  const { commitHash, data } = block;
  if (commitHash === undefined) return encodeRows(block);
  let known = encoded.get(data);
  if (known === undefined || !equalBytes(known.commitHash, commitHash)) {
    known = { commitHash, rows: encodeRows(block) };
    encoded.set(data, known);
  }
  return known.rows;
}

/**
 * The rows of transactions that validation did not look for: the first occurrence of an id counts, in the block as in the chain
 * before it (`isStored`). To be written after the others.
 */
export function otherTransactionRows(
  { number, transactions }: BlockCommit,
  isStored: (txId: string) => boolean,
): Change[] {
  if (transactions.every(({ isKnownNew }) => isKnownNew)) return [];
  const seen = new Set(['']);
  const rows: Change[] = [];
  for (const [index, { txId, code, isKnownNew }] of transactions.entries()) {
    if (seen.has(txId)) continue;
    seen.add(txId);
    if (!isKnownNew && !isStored(txId)) rows.push(transactionRow(txId, { block: number, index, code }));
  }
  return rows;
}

function encodeRows({ number, updates, history, transactions }: BlockCommit): Change[] {
  const rows = updates.map(stateChange);
  for (const [index, { txId, code, isKnownNew }] of transactions.entries()) {
    if (isKnownNew) rows.push(transactionRow(txId, { block: number, index, code }));
  }
  for (const { namespace, key, transaction } of history) {
    rows.push({ type: 'put', key: keys.historyKey(namespace, key, number, transaction), value: EMPTY });
  }
  return rows;
}

function stateChange({ namespace, key, value, metadata, version }: StateUpdate): Change {
  const stored = keys.stateKey(namespace, key);
  if (value === undefined) return { type: 'del', key: stored };
  return { type: 'put', key: stored, value: encodeStateRow(namespace, key, { value, metadata, version }) };
}

function transactionRow(txId: string, place: keys.TransactionPlace): Change {
  return { type: 'put', ...keys.transactionEntry(txId, place) };
}
