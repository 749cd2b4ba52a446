export type * from './types.ts';
import type { KvRead, MerkleSummary, RangeQuery, ReadWriteSet, Version } from './types.ts';

/** Fabric's ledger.state.totalQueryLimit has its own; this is the degree beyond which range reads are summarised. */
export declare const MERKLE_MAX_DEGREE: 50;
/** @throws LedgerError BAD_RWSET */
export declare function decodeReadWriteSet(bytes: Uint8Array): ReadWriteSet;
/** One simulation's set. Keys are sorted by their bytes, as Fabric writes them; the last write of a key counts. */
export declare class ReadWriteSetBuilder {
  addRead(namespace: string, key: string, version: Version | undefined): void;
  addWrite(namespace: string, key: string, value: Uint8Array): void;
  addDelete(namespace: string, key: string): void;
  /** An empty map removes the metadata. */
  addMetadataWrite(namespace: string, key: string, metadata: ReadonlyMap<string, Uint8Array>): void;
  addRangeQuery(namespace: string, query: RangeQuery): void;
  addCollectionRead(namespace: string, collection: string, key: string, version: Version | undefined): void;
  addCollectionWrite(namespace: string, collection: string, key: string, value: Uint8Array): void;
  addCollectionDelete(namespace: string, collection: string, key: string): void;
  readonly writes: boolean;
  finish(): Uint8Array;
}
/** Collects the results of one range query in order; `finish` gives the raw reads or, beyond the degree, the Merkle summary. */
export declare class RangeReads {
  constructor(maxDegree?: number);
  add(read: KvRead): void;
  summary(): MerkleSummary | undefined;
  finish(): RangeQuery['reads'];
}
export declare function compareVersions(a: Version, b: Version): number;
export declare function sameVersion(a: Version | undefined, b: Version | undefined): boolean;
/** Order of keys as Go compares strings: by UTF-8 bytes. */
export declare function compareKeys(a: string, b: string): number;
/** Where hashed values and (public) preimages of a collection are kept in the state, as in Fabric's privacyenabledstate. */
export declare function hashedNamespace(namespace: string, collection: string): string;
export declare function privateNamespace(namespace: string, collection: string): string;
export declare function decodeMetadata(bytes: Uint8Array | undefined): Map<string, Uint8Array>;
