import { concat, equalBytes, type Bytes } from './bytes.ts';
import { CoreError } from './error.ts';
import { sha256 } from './hash.ts';

/** Hash of a leaf of the Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1.1). */
export function leafHash(leaf: Uint8Array): Bytes {
  return sha256(concat(Uint8Array.of(0), leaf));
}

/** Hash of an inner node, RFC 6962 section 2.1. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** Root of the tree without leaves. */
export function emptyRoot(): Bytes {
  return sha256(new Uint8Array(0));
}

/** The hash of the complete subtree over leaves [position·2^level, (position+1)·2^level). @throws when there is none */
export type NodeReader = (level: number, position: number) => Bytes;

/**
 * Roots and proofs of RFC 6962 over complete subtrees, wherever they are kept: O(log n) reads for any size up to the kept one.
 * Sizes and indexes are the caller's to check.
 */
export class MerkleProofs {
  readonly #node: NodeReader;

  constructor(node: NodeReader) {
    this.#node = node;
  }

  root(size: number): Bytes {
    return size === 0 ? emptyRoot() : this.#rangeHash(0, size);
  }

  /** RFC 9162 section 2.1.3.1: the proof that leaf `index` is in the tree of `size` leaves, leaf to root. */
  inclusion(index: number, size: number): Bytes[] {
    return this.#path(index, 0, size);
  }

  /** RFC 9162 section 2.1.4.1: the proof that the tree of `oldSize` is a prefix of the tree of `size`. */
  consistency(oldSize: number, size: number): Bytes[] {
    return oldSize === 0 || oldSize === size ? [] : this.#subProof(oldSize, 0, size, true);
  }

  #path(index: number, begin: number, end: number): Bytes[] {
    if (end - begin === 1) return [];
    const middle = begin + splitPoint(end - begin);
    return index < middle
      ? [...this.#path(index, begin, middle), this.#rangeHash(middle, end)]
      : [...this.#path(index, middle, end), this.#rangeHash(begin, middle)];
  }

  #subProof(oldEnd: number, begin: number, end: number, isOldRoot: boolean): Bytes[] {
    if (oldEnd === end) return isOldRoot ? [] : [this.#rangeHash(begin, end)];
    const middle = begin + splitPoint(end - begin);
    return oldEnd <= middle
      ? [...this.#subProof(oldEnd, begin, middle, isOldRoot), this.#rangeHash(middle, end)]
      : [...this.#subProof(oldEnd, middle, end, false), this.#rangeHash(begin, middle)];
  }

  #rangeHash(begin: number, end: number): Bytes {
    const width = end - begin;
    const level = Math.log2(width);
    if (Number.isInteger(level) && begin % width === 0) return this.#node(level, begin / width);
    const middle = begin + splitPoint(width);
    return nodeHash(this.#rangeHash(begin, middle), this.#rangeHash(middle, end));
  }
}

/** The append-only Merkle tree in memory, 64 bytes a leaf; `append` costs two hashes on average. Leaves are hashes (`leafHash`). */
export class MerkleTree {
  /** `#levels[k][i]` is the node (k, i). */
  readonly #levels: Bytes[][] = [[]];
  readonly #proofs = new MerkleProofs((level, position) => this.#level(level)[position] as Bytes);

  get size(): number {
    return this.#level(0).length;
  }

  append(leaf: Bytes): void {
    this.#level(0).push(leaf);
    for (let k = 0; this.#level(k).length % 2 === 0; k++) {
      const level = this.#level(k);
      this.#level(k + 1).push(nodeHash(level.at(-2) as Bytes, level.at(-1) as Bytes));
    }
  }

  /** @throws CoreError BAD_PROOF_REQUEST when `size` is beyond the tree */
  root(size: number = this.size): Bytes {
    this.#assertSize(size);
    return this.#proofs.root(size);
  }

  /** @throws CoreError BAD_PROOF_REQUEST */
  inclusionProof(index: number, size: number = this.size): Bytes[] {
    this.#assertSize(size);
    assertIndex(index, size);
    return this.#proofs.inclusion(index, size);
  }

  /** @throws CoreError BAD_PROOF_REQUEST */
  consistencyProof(oldSize: number, size: number = this.size): Bytes[] {
    this.#assertSize(size);
    if (!isIndex(oldSize) || oldSize > size) {
      throw new CoreError('BAD_PROOF_REQUEST', `There is no tree of ${oldSize} within one of ${size}`);
    }
    return this.#proofs.consistency(oldSize, size);
  }

  #level(k: number): Bytes[] {
    return (this.#levels[k] ??= []);
  }

  #assertSize(size: number): void {
    if (!isIndex(size) || size > this.size) {
      throw new CoreError(
        'BAD_PROOF_REQUEST',
        `There is no tree of ${size} leaves: this one has ${this.size}`,
      );
    }
  }
}

function assertIndex(index: number, size: number): void {
  if (!isIndex(index) || index >= size) {
    throw new CoreError('BAD_PROOF_REQUEST', `There is no leaf ${index} in a tree of ${size}`);
  }
}

/** RFC 9162 section 2.1.3.2. Never throws: whatever does not verify is `false`. */
export function verifyInclusion(input: {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  if (!isIndex(input.index) || !isIndex(input.size) || input.index >= input.size) return false;
  if (!areHashes(input.leafHash, input.root, ...input.proof)) return false;
  let fn = BigInt(input.index);
  let sn = BigInt(input.size) - 1n;
  let hash: Uint8Array = input.leafHash;
  for (const sibling of input.proof) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      hash = nodeHash(sibling, hash);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && equalBytes(hash, input.root);
}

/**
 * RFC 9162 section 2.1.4.2. Never throws: whatever does not verify is `false`. So is an empty old tree: of that there is nothing
 * to prove, and the caller accepts a first tree knowingly or not at all.
 */
export function verifyConsistency(input: {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { oldSize, size, proof } = input;
  if (!isIndex(oldSize) || !isIndex(size) || oldSize === 0 || oldSize > size) return false;
  if (oldSize === size) return proof.length === 0 && equalBytes(input.oldRoot, input.root);
  if (!areHashes(input.oldRoot, input.root, ...proof)) return false;
  const path = isPowerOfTwo(oldSize) ? [input.oldRoot, ...proof] : [...proof];
  const first = path.shift();
  return first !== undefined && replayConsistency(input, first, path);
}

function replayConsistency(
  input: {
    readonly oldSize: number;
    readonly oldRoot: Uint8Array;
    readonly size: number;
    readonly root: Uint8Array;
  },
  first: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  let fn = BigInt(input.oldSize) - 1n;
  let sn = BigInt(input.size) - 1n;
  while ((fn & 1n) === 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let oldHash = first;
  let hash = first;
  for (const node of path) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      oldHash = nodeHash(node, oldHash);
      hash = nodeHash(node, hash);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      hash = nodeHash(hash, node);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && equalBytes(oldHash, input.oldRoot) && equalBytes(hash, input.root);
}

/** The largest power of two smaller than `size`. */
function splitPoint(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1);
}

function areHashes(...values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === 32);
}

function isIndex(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}
