import { concat, toHex } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { WireReader } from '../wire/index.ts';
import type {
  CollectionSet,
  KvRead,
  KvWrite,
  MerkleSummary,
  MetadataEntry,
  MetadataWrite,
  NamespaceSet,
  RangeQuery,
  ReadWriteSet,
  Version,
} from './types.ts';

const LENGTH_DELIMITED = 2;
const NOTHING = new Uint8Array();

/** rwset.TxReadWriteSet with what it nests, refused where Fabric's FromProtoBytes fails. @throws LedgerError BAD_RWSET */
export function decodeReadWriteSet(bytes: Uint8Array): ReadWriteSet {
  try {
    const namespaces: NamespaceSet[] = [];
    eachField(bytes, (reader) => {
      if (reader.field === 2 && reader.wireType === LENGTH_DELIMITED)
        namespaces.push(decodeNamespace(reader.bytes()));
      else reader.skip();
    });
    return { namespaces };
  } catch (cause) {
    throw new LedgerError('BAD_RWSET', 'The read-write set cannot be decoded', { cause });
  }
}

/** State metadata as the state keeps it: name → value. */
export function decodeMetadata(bytes: Uint8Array | undefined): Map<string, Uint8Array> {
  if (bytes === undefined || bytes.length === 0) return new Map();
  return new Map(decodeMetadataWrite(bytes).entries.map(({ name, value }) => [name, value]));
}

function eachField(bytes: Uint8Array, visit: (reader: WireReader) => void): void {
  const reader = new WireReader(bytes);
  while (reader.next()) visit(reader);
}

function decodeNamespace(bytes: Uint8Array): NamespaceSet {
  let namespace = '';
  let rwset: Uint8Array = NOTHING;
  const collections: CollectionSet[] = [];
  eachField(bytes, (reader) => {
    if (reader.wireType !== LENGTH_DELIMITED) reader.skip();
    else if (reader.field === 1) namespace = reader.string();
    else if (reader.field === 2) rwset = reader.bytes();
    else if (reader.field === 3) collections.push(decodeCollection(reader.bytes()));
    else reader.skip();
  });
  return { namespace, ...decodeKvSet(rwset), collections };
}

function decodeKvSet(bytes: Uint8Array): Omit<NamespaceSet, 'namespace' | 'collections'> {
  const reads: KvRead[] = [];
  const rangeQueries: RangeQuery[] = [];
  const writes: KvWrite[] = [];
  const metadataWrites: MetadataWrite[] = [];
  eachField(bytes, (reader) => {
    if (reader.wireType !== LENGTH_DELIMITED) reader.skip();
    else if (reader.field === 1) reads.push(decodeRead(reader.bytes(), text));
    else if (reader.field === 2) rangeQueries.push(decodeRangeQuery(reader.bytes()));
    else if (reader.field === 3) writes.push(decodeWrite(reader.bytes(), text));
    else if (reader.field === 4) metadataWrites.push(decodeMetadataWrite(reader.bytes()));
    else reader.skip();
  });
  return { reads, rangeQueries, writes, metadataWrites };
}

function decodeCollection(bytes: Uint8Array): CollectionSet {
  let collection = '';
  let hashed: Uint8Array = NOTHING;
  let privateSetHash: Uint8Array = NOTHING;
  eachField(bytes, (reader) => {
    if (reader.wireType !== LENGTH_DELIMITED) reader.skip();
    else if (reader.field === 1) collection = reader.string();
    else if (reader.field === 2) hashed = reader.bytes();
    else if (reader.field === 3) privateSetHash = reader.bytes();
    else reader.skip();
  });
  return { collection, privateSetHash, ...decodeHashedSet(hashed) };
}

function decodeHashedSet(bytes: Uint8Array): Pick<CollectionSet, 'reads' | 'writes' | 'metadataWrites'> {
  const reads: KvRead[] = [];
  const writes: (KvWrite & { isPurge: boolean })[] = [];
  const metadataWrites: MetadataWrite[] = [];
  eachField(bytes, (reader) => {
    if (reader.wireType !== LENGTH_DELIMITED) reader.skip();
    else if (reader.field === 1) reads.push(decodeRead(reader.bytes(), hashText));
    else if (reader.field === 2) writes.push(decodeWrite(reader.bytes(), hashText));
    else if (reader.field === 3) metadataWrites.push(decodeMetadataWrite(reader.bytes(), hashText));
    else reader.skip();
  });
  return { reads, writes, metadataWrites };
}

/** How a key stands in its message: text in public sets, the bytes of its hash in collections. */
type KeyOf = (reader: WireReader) => string;
const text: KeyOf = (reader) => reader.string();
const hashText: KeyOf = (reader) => toHex(reader.bytes());

function decodeRead(bytes: Uint8Array, keyOf: KeyOf): KvRead {
  let key = '';
  let version: Uint8Array | undefined;
  eachField(bytes, (reader) => {
    if (reader.wireType !== LENGTH_DELIMITED) reader.skip();
    else if (reader.field === 1) key = keyOf(reader);
    else if (reader.field === 2) version = merged(version, reader.bytes());
    else reader.skip();
  });
  return { key, version: version === undefined ? undefined : decodeVersion(version) };
}

function decodeVersion(bytes: Uint8Array): Version {
  let block = 0n;
  let transaction = 0n;
  eachField(bytes, (reader) => {
    if (reader.wireType !== 0) reader.skip();
    else if (reader.field === 1) block = reader.uint64();
    else if (reader.field === 2) transaction = reader.uint64();
    else reader.skip();
  });
  return { block, transaction };
}

function decodeWrite(bytes: Uint8Array, keyOf: KeyOf): KvWrite & { isPurge: boolean } {
  let key = '';
  let isDelete = false;
  let isPurge = false;
  let value: Uint8Array = NOTHING;
  eachField(bytes, (reader) => {
    if (reader.field === 1 && reader.wireType === LENGTH_DELIMITED) key = keyOf(reader);
    else if (reader.field === 2 && reader.wireType === 0) isDelete = reader.bool();
    else if (reader.field === 3 && reader.wireType === LENGTH_DELIMITED) value = reader.bytes();
    else if (reader.field === 4 && reader.wireType === 0) isPurge = reader.bool();
    else reader.skip();
  });
  return { key, isDelete, value, isPurge };
}

function decodeMetadataWrite(bytes: Uint8Array, keyOf: KeyOf = text): MetadataWrite {
  let key = '';
  const entries: MetadataEntry[] = [];
  eachField(bytes, (reader) => {
    if (reader.wireType !== LENGTH_DELIMITED) reader.skip();
    else if (reader.field === 1) key = keyOf(reader);
    else if (reader.field === 2) entries.push(decodeMetadataEntry(reader.bytes()));
    else reader.skip();
  });
  return { key, entries };
}

function decodeMetadataEntry(bytes: Uint8Array): MetadataEntry {
  let name = '';
  let value: Uint8Array = NOTHING;
  eachField(bytes, (reader) => {
    if (reader.wireType !== LENGTH_DELIMITED) reader.skip();
    else if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) value = reader.bytes();
    else reader.skip();
  });
  return { name, value };
}

function decodeRangeQuery(bytes: Uint8Array): RangeQuery {
  let startKey = '';
  let endKey = '';
  let iteratorExhausted = false;
  let raw: Uint8Array | undefined;
  let merkle: Uint8Array | undefined;
  eachField(bytes, (reader) => {
    if (reader.field === 3 && reader.wireType === 0) iteratorExhausted = reader.bool();
    else if (reader.wireType !== LENGTH_DELIMITED) reader.skip();
    else if (reader.field === 1) startKey = reader.string();
    else if (reader.field === 2) endKey = reader.string();
    else if (reader.field === 4) [raw, merkle] = [merged(raw, reader.bytes()), undefined];
    else if (reader.field === 5) [raw, merkle] = [undefined, merged(merkle, reader.bytes())];
    else reader.skip();
  });
  return { startKey, endKey, iteratorExhausted, reads: decodeReads(raw, merkle) };
}

function decodeReads(raw: Uint8Array | undefined, merkle: Uint8Array | undefined): RangeQuery['reads'] {
  if (merkle !== undefined) return { kind: 'merkle', summary: decodeSummary(merkle) };
  if (raw === undefined) return { kind: 'none' };
  const reads: KvRead[] = [];
  eachField(raw, (reader) => {
    if (reader.field === 1 && reader.wireType === LENGTH_DELIMITED)
      reads.push(decodeRead(reader.bytes(), text));
    else reader.skip();
  });
  return { kind: 'raw', reads };
}

function decodeSummary(bytes: Uint8Array): MerkleSummary {
  let maxDegree = 0;
  let maxLevel = 0;
  const maxLevelHashes: Uint8Array[] = [];
  eachField(bytes, (reader) => {
    if (reader.field === 1 && reader.wireType === 0) maxDegree = reader.uint32();
    else if (reader.field === 2 && reader.wireType === 0) maxLevel = reader.uint32();
    else if (reader.field === 3 && reader.wireType === LENGTH_DELIMITED) maxLevelHashes.push(reader.bytes());
    else reader.skip();
  });
  return { maxDegree, maxLevel, maxLevelHashes };
}

/** A repeated occurrence of one nested message merges into it, which is what its concatenation decodes to. */
function merged(before: Uint8Array | undefined, bytes: Uint8Array): Uint8Array {
  return before === undefined ? bytes : concat(before, bytes);
}
