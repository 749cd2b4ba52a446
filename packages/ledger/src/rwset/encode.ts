import { fromHex, type Bytes } from '@healthchain/core';
import { WireWriter } from '../wire/index.ts';
import type {
  CollectionSet,
  KvRead,
  KvWrite,
  MerkleSummary,
  MetadataEntry,
  MetadataWrite,
  NamespaceSet,
  RangeQuery,
  Version,
} from './types.ts';

/** rwset.TxReadWriteSet; the data model KV is 0 and thus not written. */
export function encodeReadWriteSet(namespaces: readonly NamespaceSet[]): Bytes {
  const writer = new WireWriter();
  for (const set of namespaces) writer.message(2, writeNamespace(set));
  return writer.finish();
}

/** kvrwset.KVRWSet */
export function encodeKvSet(set: Omit<NamespaceSet, 'namespace' | 'collections'>): Bytes {
  return writeKvSet(set).finish();
}

function writeKvSet(set: Omit<NamespaceSet, 'namespace' | 'collections'>): WireWriter {
  const writer = new WireWriter();
  for (const read of set.reads) writer.message(1, writeRead(read));
  for (const query of set.rangeQueries) writer.message(2, writeRangeQuery(query));
  for (const write of set.writes) writer.message(3, writeWrite(write));
  for (const write of set.metadataWrites) writer.message(4, writeMetadataWrite(write));
  return writer;
}

/** kvrwset.QueryReads: what a leaf of the range queries' Merkle tree hashes. */
export function encodeReads(reads: readonly KvRead[]): Bytes {
  return writeReads(reads).finish();
}

function writeReads(reads: readonly KvRead[]): WireWriter {
  const writer = new WireWriter();
  for (const read of reads) writer.message(1, writeRead(read));
  return writer;
}

/** The state keeps a key's metadata as a KVMetadataWrite without a key. */
export function encodeStateMetadata(entries: readonly MetadataEntry[]): Bytes {
  return writeMetadataWrite({ key: '', entries }).finish();
}

function writeNamespace(set: NamespaceSet): WireWriter {
  const kvSet = writeKvSet(set);
  const writer = new WireWriter().string(1, set.namespace);
  if (!kvSet.isEmpty) writer.message(2, kvSet);
  for (const collection of set.collections) writer.message(3, writeCollection(collection));
  return writer;
}

function writeCollection(set: CollectionSet): WireWriter {
  const hashed = new WireWriter();
  for (const read of set.reads) {
    hashed.message(1, withVersion(new WireWriter().bytes(1, fromHex(read.key)), read.version));
  }
  for (const write of set.writes) hashed.message(2, writeHashedWrite(write));
  for (const write of set.metadataWrites) {
    hashed.message(3, withEntries(new WireWriter().bytes(1, fromHex(write.key)), write.entries));
  }
  return new WireWriter().string(1, set.collection).bytes(2, hashed.finish()).bytes(3, set.privateSetHash);
}

function writeHashedWrite(write: CollectionSet['writes'][number]): WireWriter {
  return new WireWriter()
    .bytes(1, fromHex(write.key))
    .bool(2, write.isDelete)
    .bytes(3, write.value)
    .bool(4, write.isPurge);
}

function writeRead(read: KvRead): WireWriter {
  return withVersion(new WireWriter().string(1, read.key), read.version);
}

function withVersion(writer: WireWriter, version: Version | undefined): WireWriter {
  if (version !== undefined) {
    writer.message(2, new WireWriter().uint(1, version.block).uint(2, version.transaction));
  }
  return writer;
}

function writeWrite(write: KvWrite): WireWriter {
  return new WireWriter().string(1, write.key).bool(2, write.isDelete).bytes(3, write.value);
}

function writeMetadataWrite(write: MetadataWrite): WireWriter {
  return withEntries(new WireWriter().string(1, write.key), write.entries);
}

function withEntries(writer: WireWriter, entries: readonly MetadataEntry[]): WireWriter {
  for (const { name, value } of entries) writer.message(2, new WireWriter().string(1, name).bytes(2, value));
  return writer;
}

function writeRangeQuery(query: RangeQuery): WireWriter {
  const writer = new WireWriter()
    .string(1, query.startKey)
    .string(2, query.endKey)
    .bool(3, query.iteratorExhausted);
  if (query.reads.kind === 'raw') writer.message(4, writeReads(query.reads.reads));
  if (query.reads.kind === 'merkle') writer.message(5, writeSummary(query.reads.summary));
  return writer;
}

function writeSummary(summary: MerkleSummary): WireWriter {
  const writer = new WireWriter().uint(1, summary.maxDegree).uint(2, summary.maxLevel);
  for (const hash of summary.maxLevelHashes) writer.present(3, hash);
  return writer;
}
