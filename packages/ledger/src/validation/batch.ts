import {
  encodeStateMetadata,
  compareKeys,
  hashedNamespace,
  type KvWrite,
  type MetadataWrite,
  type ReadWriteSet,
  type Version,
} from '../rwset/index.ts';
import type { StateReader, StateUpdate, VersionedValue } from './types.ts';

const NOTHING = new Uint8Array();
/** Fabric's hash of the empty value, hexadecimal: a hashed write of it is a delete. */
const EMPTY_VALUE_HASH = Buffer.from(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'hex',
);

/** What one transaction does to one key; the flags add up as a byte, as in Fabric's txOps, also when a set names a key twice. */
const UPSERT = 1;
const METADATA_UPDATE = 2;
const METADATA_DELETE = 4;
const DELETE = 8;

interface KeyOperation {
  flag: number;
  value: Uint8Array;
  metadata: Uint8Array;
}

/** A namespace of the state; collections come with the namespace and name that they belong to. */
export interface Space {
  readonly namespace: string;
  readonly collection: string;
  readonly updates: Map<string, StateUpdate>;
}

/** The updates of the valid transactions of a block so far, over the committed state. */
export class UpdateBatch {
  readonly #state: StateReader;
  readonly #spaces = new Map<string, Space>();

  constructor(state: StateReader) {
    this.#state = state;
  }

  /** Keyed by the namespace in the state: hashedNamespace for collections. */
  get spaces(): ReadonlyMap<string, Space> {
    return this.#spaces;
  }

  get(namespace: string, key: string): StateUpdate | undefined {
    return this.#spaces.get(namespace)?.updates.get(key);
  }

  /** The keys of [start, end) that the block has touched, in order; deletes included. */
  touched(namespace: string, start: string, end: string): StateUpdate[] {
    const updates = [...(this.#spaces.get(namespace)?.updates.values() ?? [])];
    return updates
      .filter(({ key }) => compareKeys(key, start) >= 0 && (end === '' || compareKeys(key, end) < 0))
      .toSorted((a, b) => compareKeys(a.key, b.key));
  }

  /** Adds the effect of a valid transaction. */
  apply(sets: ReadWriteSet, version: Version): void {
    for (const set of sets.namespaces) {
      this.#applySpace(
        this.#space(set.namespace, set.namespace, ''),
        set.namespace,
        set.writes,
        set.metadataWrites,
        version,
        isDelete,
      );
      for (const { collection, writes, metadataWrites } of set.collections) {
        const name = hashedNamespace(set.namespace, collection);
        this.#applySpace(
          this.#space(name, set.namespace, collection),
          name,
          writes,
          metadataWrites,
          version,
          isHashedDelete,
        );
      }
    }
  }

  put(namespace: string, key: string, value: Uint8Array, version: Version): void {
    const { updates } = this.#space(namespace, namespace, '');
    updates.set(key, { namespace, key, value, metadata: NOTHING, version });
  }

  #applySpace(
    space: Space,
    namespace: string,
    writes: readonly KvWrite[],
    metadataWrites: readonly MetadataWrite[],
    version: Version,
    deletes: (write: KvWrite) => boolean,
  ): void {
    if (metadataWrites.length === 0 && areDistinct(writes)) {
      for (const write of writes) {
        const { key } = write;
        const isGone = deletes(write);
        const value = isGone ? undefined : write.value;
        const metadata = isGone ? NOTHING : this.#metadata(namespace, key);
        space.updates.set(key, { namespace, key, value, metadata, version });
      }
      return;
    }
    const operations = collect(writes, metadataWrites, deletes);
    const merged = [...operations].map(([key, operation]) => this.#merge(namespace, key, operation));
    for (const update of merged) {
      if (update !== undefined) space.updates.set(update.key, { namespace, ...update, version });
    }
  }

  /** The final value and metadata of the key; undefined when only the metadata of a key that does not exist was written. */
  #merge(
    namespace: string,
    key: string,
    { flag, value, metadata }: KeyOperation,
  ): Pick<StateUpdate, 'key' | 'value' | 'metadata'> | undefined {
    if ((flag & DELETE) !== 0) return { key, value: undefined, metadata: NOTHING };
    if ((flag & UPSERT) !== 0 && (flag & (METADATA_UPDATE | METADATA_DELETE)) !== 0)
      return { key, value, metadata };
    if ((flag | UPSERT) === UPSERT) return { key, value, metadata: this.#metadata(namespace, key) };
    const latest = this.#latest(namespace, key);
    return latest?.value === undefined ? undefined : { key, value: latest.value, metadata };
  }

  #metadata(namespace: string, key: string): Uint8Array {
    const update = this.get(namespace, key);
    if (update !== undefined || !this.#state.mayHaveMetadata(namespace)) return update?.metadata ?? NOTHING;
    return this.#state.get(namespace, key)?.metadata ?? NOTHING;
  }

  #latest(namespace: string, key: string): StateUpdate | VersionedValue | undefined {
    return this.get(namespace, key) ?? this.#state.get(namespace, key);
  }

  #space(name: string, namespace: string, collection: string): Space {
    let space = this.#spaces.get(name);
    if (space === undefined) {
      space = { namespace, collection, updates: new Map() };
      this.#spaces.set(name, space);
    }
    return space;
  }
}

function areDistinct(writes: readonly KvWrite[]): boolean {
  return writes.length < 2 || new Set(writes.map(({ key }) => key)).size === writes.length;
}

function collect(
  writes: readonly KvWrite[],
  metadataWrites: readonly MetadataWrite[],
  deletes: (write: KvWrite) => boolean,
): Map<string, KeyOperation> {
  const operations = new Map<string, KeyOperation>();
  const add = (key: string, flag: number, change: Partial<KeyOperation>): void => {
    const before = operations.get(key) ?? { flag: 0, value: NOTHING, metadata: NOTHING };
    operations.set(key, { ...before, ...change, flag: (before.flag + flag) & 0xff });
  };
  for (const write of writes) {
    if (deletes(write)) add(write.key, DELETE, {});
    else add(write.key, UPSERT, { value: write.value });
  }
  for (const { key, entries } of metadataWrites) {
    if (entries.length === 0) add(key, METADATA_DELETE, {});
    else add(key, METADATA_UPDATE, { metadata: encodeStateMetadata(entries) });
  }
  return operations;
}

function isDelete(write: KvWrite): boolean {
  return write.isDelete || write.value.length === 0;
}

function isHashedDelete(write: KvWrite): boolean {
  return isDelete(write) || EMPTY_VALUE_HASH.equals(write.value);
}
