/** Height of the transaction that wrote a key. */
export interface Version {
  readonly block: bigint;
  readonly transaction: bigint;
}

export interface KvRead {
  readonly key: string;
  /** Absent: the key did not exist. */
  readonly version: Version | undefined;
}

export interface KvWrite {
  readonly key: string;
  readonly isDelete: boolean;
  readonly value: Uint8Array;
}

export interface MetadataEntry {
  readonly name: string;
  readonly value: Uint8Array;
}

export interface MetadataWrite {
  readonly key: string;
  /** Empty: the key's metadata is removed. */
  readonly entries: readonly MetadataEntry[];
}

export interface MerkleSummary {
  readonly maxDegree: number;
  readonly maxLevel: number;
  readonly maxLevelHashes: readonly Uint8Array[];
}

export interface RangeQuery {
  readonly startKey: string;
  readonly endKey: string;
  readonly iteratorExhausted: boolean;
  readonly reads:
    | { readonly kind: 'none' }
    | { readonly kind: 'raw'; readonly reads: readonly KvRead[] }
    | { readonly kind: 'merkle'; readonly summary: MerkleSummary };
}

/** Of private collections the chain holds hashes only; keys are the hexadecimal of SHA-256(key). */
export interface CollectionSet {
  readonly collection: string;
  readonly reads: readonly KvRead[];
  readonly writes: readonly (KvWrite & { readonly isPurge: boolean })[];
  readonly metadataWrites: readonly MetadataWrite[];
  readonly privateSetHash: Uint8Array;
}

export interface NamespaceSet {
  readonly namespace: string;
  readonly reads: readonly KvRead[];
  readonly rangeQueries: readonly RangeQuery[];
  readonly writes: readonly KvWrite[];
  readonly metadataWrites: readonly MetadataWrite[];
  readonly collections: readonly CollectionSet[];
}

export interface ReadWriteSet {
  readonly namespaces: readonly NamespaceSet[];
}
