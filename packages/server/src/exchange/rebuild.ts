import { canonical, type RecordId } from '@healthchain/core';
import type { OpenedRecord } from '@healthchain/custody';
import { RESOURCE_TYPES } from '../fhir/index.ts';
import type { Store, StoredVersion } from '../store/index.ts';
import { committedVersion } from './facts/applier.ts';
import type { VersionFact } from './facts/facts.ts';
import { batches, openBatch, type ReaderOptions } from './reader/reader.ts';
import { rebuildRequest, type Requester } from './reader/request.ts';

/** Versions fetched by one request. */
const CHUNK = 500;

export interface RebuildProgress {
  readonly done: number;
  readonly total: number;
  /** Versions that fewer than k custodians could help with, or that did not check. */
  readonly failed: number;
}

export interface RebuildOptions extends ReaderOptions {
  readonly store: Store;
  readonly requester: Requester;
}

/**
 * Fetches the plaintext of own versions that the store lacks, by the server's identity alone (custody.md section 4). What it got
 * is durable chunk by chunk, so an interrupted run goes on where it was. Tombstones take type and labels from the version before.
 */
export async function rebuildStore(
  options: RebuildOptions,
  progress: (progress: RebuildProgress) => void,
): Promise<RebuildProgress> {
  const total = options.facts.missingCount();
  let after: { readonly recordId: RecordId; readonly version: number } = { recordId: '', version: 0 };
  let state: RebuildProgress = { done: 0, total, failed: 0 };
  for (;;) {
    const chunk = options.facts.missing(after, CHUNK);
    if (chunk.length === 0) return state;
    after = chunk.at(-1) ?? after;
    const versions = chunk.flatMap(({ recordId, version }) => options.facts.version(recordId, version) ?? []);
    const done = await fetchChunk(options, versions);
    state = { done: state.done + done, total, failed: state.failed + versions.length - done };
    progress(state);
  }
}

async function fetchChunk(options: RebuildOptions, versions: readonly VersionFact[]): Promise<number> {
  const contents = versions.filter(({ row }) => row.content !== undefined);
  let done = 0;
  for (const batch of batches(options.facts, contents, CHUNK)) {
    const records = batch.versions.map(({ row: { header } }) => ({
      recordId: header.recordId,
      version: header.version,
    }));
    const asked = rebuildRequest(options.requester, { channel: batch.channel, records, epoch: batch.epoch });
    const { opened } = await openBatch(options, batch, asked);
    store(options, batch.versions, opened);
    done += opened.length;
  }
  return (
    done +
    storeTombstones(
      options,
      versions.filter(({ row }) => row.content === undefined),
    )
  );
}

function store(
  { store, facts }: RebuildOptions,
  versions: readonly VersionFact[],
  opened: readonly OpenedRecord[],
): void {
  const byName = new Map(opened.map((record) => [nameOf(record.header), record]));
  store.transaction(() => {
    for (const version of versions) {
      const { recordId, version: number } = version.row.header;
      const record = byName.get(nameOf(version.row.header));
      if (record === undefined) continue;
      store.applyCommitted([committedVersion(version, { ...record, text: canonical(record.resource) })]);
      facts.removeMissing(recordId, number);
    }
  });
}

function storeTombstones({ store, facts }: RebuildOptions, versions: readonly VersionFact[]): number {
  let done = 0;
  store.transaction(() => {
    for (const version of versions) {
      const { recordId, version: number } = version.row.header;
      const before = versionOf(store, recordId, number - 1);
      if (before === undefined || before.labels === null) continue;
      store.applyCommitted([
        committedVersion(version, { type: before.type, labels: before.labels, text: null }),
      ]);
      facts.removeMissing(recordId, number);
      done++;
    }
  });
  return done;
}

/** The ledger does not show the type of a record. */
function versionOf(store: Store, recordId: RecordId, version: number): StoredVersion | undefined {
  for (const type of Object.keys(RESOURCE_TYPES)) {
    const found = store.version(type, recordId, version);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nameOf({ recordId, version }: { readonly recordId: string; readonly version: number }): string {
  return `${recordId}/${version}`;
}
