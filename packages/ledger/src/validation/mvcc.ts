import { equalBytes } from '@healthchain/core';
import {
  compareKeys,
  hashedNamespace,
  MIN_MERKLE_DEGREE,
  RangeReads,
  sameVersion,
  type KvRead,
  type MerkleSummary,
  type NamespaceSet,
  type RangeQuery,
  type ReadWriteSet,
} from '../rwset/index.ts';
import type { UpdateBatch } from './batch.ts';
import { ValidationCode } from './codes.ts';
import type { KeyVersion, StateReader } from './types.ts';

/**
 * Whether everything that a transaction read is still so, after the committed state and the valid transactions before it in the
 * block: VALID, MVCC_READ_CONFLICT or PHANTOM_READ_CONFLICT, namespace by namespace. At once where no range was queried.
 */
export function checkReads(
  sets: ReadWriteSet,
  batch: UpdateBatch,
  state: StateReader,
): number | Promise<number> {
  if (sets.namespaces.some(({ rangeQueries }) => rangeQueries.length > 0))
    return checkWithRanges(sets, batch, state);
  const isCurrent = sets.namespaces.every(
    (set) => areCurrent(set.namespace, set.reads, batch, state) && areCollectionsCurrent(set, batch, state),
  );
  return isCurrent ? ValidationCode.VALID : ValidationCode.MVCC_READ_CONFLICT;
}

async function checkWithRanges(sets: ReadWriteSet, batch: UpdateBatch, state: StateReader): Promise<number> {
  for (const set of sets.namespaces) {
    if (!areCurrent(set.namespace, set.reads, batch, state)) return ValidationCode.MVCC_READ_CONFLICT;
    for (const query of set.rangeQueries) {
      if (!(await isUnchanged(set.namespace, query, batch, state)))
        return ValidationCode.PHANTOM_READ_CONFLICT;
    }
    if (!areCollectionsCurrent(set, batch, state)) return ValidationCode.MVCC_READ_CONFLICT;
  }
  return ValidationCode.VALID;
}

function areCollectionsCurrent(
  { namespace, collections }: NamespaceSet,
  batch: UpdateBatch,
  state: StateReader,
): boolean {
  return collections.every(({ collection, reads }) =>
    areCurrent(hashedNamespace(namespace, collection), reads, batch, state),
  );
}

function areCurrent(
  namespace: string,
  reads: readonly KvRead[],
  batch: UpdateBatch,
  state: StateReader,
): boolean {
  return reads.every(
    ({ key, version }) =>
      batch.get(namespace, key) === undefined && sameVersion(state.get(namespace, key)?.version, version),
  );
}

async function isUnchanged(
  namespace: string,
  query: RangeQuery,
  batch: UpdateBatch,
  state: StateReader,
): Promise<boolean> {
  const results = currentResults(namespace, query, batch, state);
  if (query.reads.kind === 'merkle') return matchesSummary(results, query.reads.summary);
  return matchesReads(results, query.reads.kind === 'raw' ? query.reads.reads : []);
}

async function matchesReads(results: AsyncIterable<KeyVersion>, reads: readonly KvRead[]): Promise<boolean> {
  let position = 0;
  for await (const { key, version } of results) {
    const read = reads[position++];
    if (read === undefined || read.key !== key || !sameVersion(read.version, version)) return false;
  }
  return position === reads.length;
}

/** Compares the tree while it grows, so that a long range with an early difference is not read to its end. */
async function matchesSummary(results: AsyncIterable<KeyVersion>, expected: MerkleSummary): Promise<boolean> {
  if (expected.maxDegree < MIN_MERKLE_DEGREE) return false;
  const reads = new RangeReads(expected.maxDegree);
  let matched = 0;
  for await (const result of results) {
    reads.add(result);
    const { maxLevel, maxLevelHashes } = reads.summary();
    if (maxLevel < expected.maxLevel || matched === maxLevelHashes.length) continue;
    if (maxLevel > expected.maxLevel || maxLevelHashes.length > expected.maxLevelHashes.length) return false;
    if (!equalBytes(maxLevelHashes[matched] as Uint8Array, expected.maxLevelHashes[matched] as Uint8Array))
      return false;
    matched++;
  }
  const final = reads.finish();
  return final.kind === 'merkle' && sameSummary(final.summary, expected);
}

function sameSummary(a: MerkleSummary, b: MerkleSummary): boolean {
  return (
    a.maxDegree === b.maxDegree &&
    a.maxLevel === b.maxLevel &&
    a.maxLevelHashes.length === b.maxLevelHashes.length &&
    a.maxLevelHashes.every((hash, i) => equalBytes(hash, b.maxLevelHashes[i] as Uint8Array))
  );
}

/**
 * What the query finds at this point of the block: the state overlaid with the batch. A query that was not read to its end names
 * the last key it saw as its end, which then belongs to the range.
 */
async function* currentResults(
  namespace: string,
  query: RangeQuery,
  batch: UpdateBatch,
  state: StateReader,
): AsyncGenerator<KeyVersion> {
  const touched = batch.touched(namespace, query.startKey, query.endKey);
  let next = 0;
  for await (const committed of state.range(namespace, query.startKey, query.endKey)) {
    for (; next < touched.length && compareKeys((touched[next] as KeyVersion).key, committed.key) < 0; next++)
      yield* existing(touched[next]);
    if (touched[next]?.key === committed.key) yield* existing(touched[next++]);
    else yield committed;
  }
  for (; next < touched.length; next++) yield* existing(touched[next]);
  if (!query.iteratorExhausted) {
    const last = batch.get(namespace, query.endKey);
    const committed = last === undefined ? state.get(namespace, query.endKey) : undefined;
    if (committed !== undefined) yield { key: query.endKey, version: committed.version };
    yield* existing(last);
  }
}

function* existing(
  update: (KeyVersion & { readonly value: Uint8Array | undefined }) | undefined,
): Generator<KeyVersion> {
  if (update?.value !== undefined) yield { key: update.key, version: update.version };
}
