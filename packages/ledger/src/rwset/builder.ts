import { sha256, toHex, utf8, type Bytes } from '@healthchain/core';
import { encodeKvSet, encodeReadWriteSet } from './encode.ts';
import { compareKeys } from './keys.ts';
import type {
  CollectionSet,
  KvRead,
  KvWrite,
  MetadataWrite,
  NamespaceSet,
  RangeQuery,
  Version,
} from './types.ts';

const NOTHING = new Uint8Array();

/** What few transactions have is made when it comes. */
interface NamespaceSets {
  readonly reads: Map<string, KvRead>;
  readonly writes: Map<string, KvWrite>;
  metadataWrites?: Map<string, MetadataWrite>;
  rangeQueries?: Map<string, RangeQuery>;
  collections?: Map<string, CollectionSets>;
}

/** `writes` holds the keys and values themselves; their hashes are what the set publishes. */
interface CollectionSets {
  readonly reads: Map<string, KvRead>;
  readonly writes: Map<string, KvWrite>;
}

/**
 * The read-write set of one simulation. Keys come out sorted by their bytes and range queries in the order they began, as
 * Fabric writes them; of several reads, writes or metadata writes of one key the last counts.
 */
export class ReadWriteSetBuilder {
  readonly #namespaces = new Map<string, NamespaceSets>();

  addRead(namespace: string, key: string, version: Version | undefined): void {
    this.#namespace(namespace).reads.set(key, { key, version });
  }

  /** An empty value is a delete, as on Fabric. */
  addWrite(namespace: string, key: string, value: Uint8Array): void {
    this.#namespace(namespace).writes.set(key, { key, isDelete: value.length === 0, value });
  }

  addDelete(namespace: string, key: string): void {
    this.addWrite(namespace, key, NOTHING);
  }

  /** An empty map removes the metadata of the key. */
  addMetadataWrite(namespace: string, key: string, metadata: ReadonlyMap<string, Uint8Array>): void {
    const entries = [...metadata]
      .toSorted(([a], [b]) => compareKeys(a, b))
      .map(([name, value]) => ({ name, value }));
    const sets = this.#namespace(namespace);
    sets.metadataWrites ??= new Map();
    sets.metadataWrites.set(key, { key, entries });
  }

  /** Of queries with the same bounds and the same exhaustion the first counts. */
  addRangeQuery(namespace: string, query: RangeQuery): void {
    const sets = this.#namespace(namespace);
    sets.rangeQueries ??= new Map();
    const key = JSON.stringify([query.startKey, query.endKey, query.iteratorExhausted]);
    if (!sets.rangeQueries.has(key)) sets.rangeQueries.set(key, query);
  }

  addCollectionRead(namespace: string, collection: string, key: string, version: Version | undefined): void {
    this.#collection(namespace, collection).reads.set(key, { key, version });
  }

  addCollectionWrite(namespace: string, collection: string, key: string, value: Uint8Array): void {
    this.#collection(namespace, collection).writes.set(key, { key, isDelete: value.length === 0, value });
  }

  addCollectionDelete(namespace: string, collection: string, key: string): void {
    this.addCollectionWrite(namespace, collection, key, NOTHING);
  }

  /** Whether anything is written, metadata and collections included. */
  get writes(): boolean {
    return [...this.#namespaces.values()].some(
      (sets) =>
        sets.writes.size > 0 ||
        sets.metadataWrites !== undefined ||
        [...(sets.collections?.values() ?? [])].some((collection) => collection.writes.size > 0),
    );
  }

  /** The TxReadWriteSet message. */
  finish(): Bytes {
    return encodeReadWriteSet(
      sorted(this.#namespaces).map(([namespace, sets]) => buildNamespace(namespace, sets)),
    );
  }

  #namespace(namespace: string): NamespaceSets {
    let sets = this.#namespaces.get(namespace);
    if (sets === undefined) {
      sets = { reads: new Map(), writes: new Map() };
      this.#namespaces.set(namespace, sets);
    }
    return sets;
  }

  #collection(namespace: string, collection: string): CollectionSets {
    const outer = this.#namespace(namespace);
    outer.collections ??= new Map();
    let sets = outer.collections.get(collection);
    if (sets === undefined) {
      sets = { reads: new Map(), writes: new Map() };
      outer.collections.set(collection, sets);
    }
    return sets;
  }
}

function buildNamespace(namespace: string, sets: NamespaceSets): NamespaceSet {
  return {
    namespace,
    reads: sortedValues(sets.reads),
    rangeQueries: [...(sets.rangeQueries?.values() ?? [])],
    writes: sortedValues(sets.writes),
    metadataWrites: sortedValues(sets.metadataWrites),
    collections: sorted(sets.collections ?? []).map(([collection, inside]) =>
      buildCollection(collection, inside),
    ),
  };
}

/** Fabric keeps the order of the plain keys, not of their hashes. */
function buildCollection(collection: string, sets: CollectionSets): CollectionSet {
  const writes = sortedValues(sets.writes);
  return {
    collection,
    reads: sortedValues(sets.reads).map(({ key, version }) => ({ key: hashOfKey(key), version })),
    writes: writes.map(({ key, isDelete, value }) => ({
      key: hashOfKey(key),
      isDelete,
      isPurge: false,
      value: isDelete ? NOTHING : sha256(value),
    })),
    metadataWrites: [],
    privateSetHash:
      writes.length === 0
        ? NOTHING
        : sha256(encodeKvSet({ reads: [], rangeQueries: [], writes, metadataWrites: [] })),
  };
}

function hashOfKey(key: string): string {
  return toHex(sha256(utf8(key)));
}

function sorted<Value>(map: Iterable<[string, Value]>): [string, Value][] {
  const entries = [...map];
  return entries.length < 2 ? entries : entries.sort(([a], [b]) => compareKeys(a, b));
}

function sortedValues<Value extends { readonly key: string }>(
  map: ReadonlyMap<string, Value> | undefined,
): Value[] {
  const values = [...(map?.values() ?? [])];
  return values.length < 2 ? values : values.sort((a, b) => compareKeys(a.key, b.key));
}
