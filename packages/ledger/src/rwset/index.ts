export { ReadWriteSetBuilder } from './builder.ts';
export { decodeMetadata, decodeReadWriteSet } from './decode.ts';
export { encodeStateMetadata } from './encode.ts';
export { compareKeys, hashedNamespace, privateNamespace } from './keys.ts';
export { MIN_MERKLE_DEGREE, RangeReads } from './range-reads.ts';
export type {
  KvRead,
  KvWrite,
  MerkleSummary,
  MetadataWrite,
  NamespaceSet,
  RangeQuery,
  ReadWriteSet,
  Version,
} from './types.ts';
export { sameVersion, versionBytes } from './version.ts';
