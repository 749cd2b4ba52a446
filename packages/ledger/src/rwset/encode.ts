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
  for (const set of namespaces) writer.present(2, encodeNamespace(set));
  return writer.finish();
}

/** kvrwset.KVRWSet */
export function encodeKvSet(set: Omit<NamespaceSet, 'namespace' | 'collections'>): Bytes {
  const writer = new WireWriter();
  for (const read of set.reads) writer.present(1, encodeRead(read));
  for (const query of set.rangeQueries) writer.present(2, encodeRangeQuery(query));
  for (const write of set.writes) writer.present(3, encodeWrite(write));
  for (const write of set.metadataWrites) writer.present(4, encodeMetadataWrite(write));
  return writer.finish();
}

/** kvrwset.QueryReads: what a leaf of the range queries' Merkle tree hashes. */
export function encodeReads(reads: readonly KvRead[]): Bytes {
  const writer = new WireWriter();
  for (const read of reads) writer.present(1, encodeRead(read));
  return writer.finish();
}

/** The state keeps a key's metadata as a KVMetadataWrite without a key. */
export function encodeStateMetadata(entries: readonly MetadataEntry[]): Bytes {
  return encodeMetadataWrite({ key: '', entries });
}

function encodeNamespace(set: NamespaceSet): Bytes {
  const writer = new WireWriter().string(1, set.namespace).bytes(2, encodeKvSet(set));
  for (const collection of set.collections) writer.present(3, encodeCollection(collection));
  return writer.finish();
}

function encodeCollection(set: CollectionSet): Bytes {
  const hashed = new WireWriter();
  for (const read of set.reads) {
    hashed.present(1, withVersion(new WireWriter().bytes(1, fromHex(read.key)), read.version));
  }
  for (const write of set.writes) hashed.present(2, encodeHashedWrite(write));
  for (const write of set.metadataWrites) {
    hashed.present(3, withEntries(new WireWriter().bytes(1, fromHex(write.key)), write.entries));
  }
  return new WireWriter()
    .string(1, set.collection)
    .bytes(2, hashed.finish())
    .bytes(3, set.privateSetHash)
    .finish();
}

function encodeHashedWrite(write: CollectionSet['writes'][number]): Bytes {
  return new WireWriter()
    .bytes(1, fromHex(write.key))
    .bool(2, write.isDelete)
    .bytes(3, write.value)
    .bool(4, write.isPurge)
    .finish();
}

function encodeRead(read: KvRead): Bytes {
  return withVersion(new WireWriter().string(1, read.key), read.version);
}

function withVersion(writer: WireWriter, version: Version | undefined): Bytes {
  if (version !== undefined) {
    writer.present(2, new WireWriter().uint(1, version.block).uint(2, version.transaction).finish());
  }
  return writer.finish();
}

function encodeWrite(write: KvWrite): Bytes {
  return new WireWriter().string(1, write.key).bool(2, write.isDelete).bytes(3, write.value).finish();
}

function encodeMetadataWrite(write: MetadataWrite): Bytes {
  return withEntries(new WireWriter().string(1, write.key), write.entries);
}

function withEntries(writer: WireWriter, entries: readonly MetadataEntry[]): Bytes {
  for (const { name, value } of entries)
    writer.present(2, new WireWriter().string(1, name).bytes(2, value).finish());
  return writer.finish();
}

function encodeRangeQuery(query: RangeQuery): Bytes {
  const writer = new WireWriter()
    .string(1, query.startKey)
    .string(2, query.endKey)
    .bool(3, query.iteratorExhausted);
  if (query.reads.kind === 'raw') writer.present(4, encodeReads(query.reads.reads));
  if (query.reads.kind === 'merkle') writer.present(5, encodeSummary(query.reads.summary));
  return writer.finish();
}

function encodeSummary(summary: MerkleSummary): Bytes {
  const writer = new WireWriter().uint(1, summary.maxDegree).uint(2, summary.maxLevel);
  for (const hash of summary.maxLevelHashes) writer.present(3, hash);
  return writer.finish();
}
