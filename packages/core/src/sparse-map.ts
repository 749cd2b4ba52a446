import { equalBytes, type Bytes } from './bytes.ts';
import { labelledHash } from './hash.ts';

/**
 * A Merkle map from 32-byte keys to 32-byte values with proofs of membership and of absence. A subtree with one entry is that
 * entry, so a map of n random keys is about log2(n) deep. Keys must be hashes (uniformly distributed), values hide what they
 * stand for (salted hashes), since a proof of absence may show one other entry.
 */
type Node = Leaf | Branch | undefined;
interface Leaf {
  readonly key: Bytes;
  readonly value: Bytes;
  readonly hash: Bytes;
}
interface Branch {
  readonly left: Node;
  readonly right: Node;
  readonly hash: Bytes;
}

/** Where the walk for a key ends: nowhere, or at the one entry that shares the walked bits of the key. */
export interface MapProof {
  readonly entry: { readonly key: Uint8Array; readonly value: Uint8Array } | undefined;
  /** Root to leaf. */
  readonly siblings: readonly Uint8Array[];
}

const EMPTY: Bytes = labelledHash('map-empty');

/** Immutable: `set` returns another map that shares what did not change. */
export class SparseMap {
  static readonly empty = new SparseMap(undefined);
  readonly #top: Node;

  private constructor(top: Node) {
    this.#top = top;
  }

  get root(): Bytes {
    return hashOf(this.#top);
  }

  set(key: Bytes, value: Bytes): SparseMap {
    return new SparseMap(insert(this.#top, leaf(key, value), 0));
  }

  prove(key: Uint8Array): MapProof {
    const siblings: Bytes[] = [];
    let node = this.#top;
    for (let depth = 0; node !== undefined && 'left' in node; depth++) {
      const right = bit(key, depth);
      siblings.push(hashOf(right ? node.left : node.right));
      node = right ? node.right : node.left;
    }
    return { entry: node === undefined ? undefined : { key: node.key, value: node.value }, siblings };
  }
}

/**
 * What the proof shows about `key` under `root`: its value, `'absent'`, or `'invalid'` when it shows nothing.
 * Never throws.
 */
export function verifyMapProof(
  root: Uint8Array,
  key: Uint8Array,
  proof: MapProof,
): Uint8Array | 'absent' | 'invalid' {
  if (key.length !== 32 || proof.siblings.length > 256) return 'invalid';
  const { entry } = proof;
  if (entry !== undefined && !sharesBits(entry.key, key, proof.siblings.length)) return 'invalid';
  let hash: Uint8Array = entry === undefined ? EMPTY : leafHashOf(entry.key, entry.value);
  for (let depth = proof.siblings.length - 1; depth >= 0; depth--) {
    const sibling = proof.siblings[depth] as Uint8Array;
    hash = bit(key, depth) ? branchHash(sibling, hash) : branchHash(hash, sibling);
  }
  if (!equalBytes(hash, root)) return 'invalid';
  return entry !== undefined && equalBytes(entry.key, key) ? entry.value : 'absent';
}

function insert(node: Node, entry: Leaf, depth: number): Node {
  if (node === undefined) return entry;
  if (!('left' in node)) {
    if (equalBytes(node.key, entry.key)) return entry;
    const split = bit(node.key, depth) ? branch(undefined, node) : branch(node, undefined);
    return insert(split, entry, depth);
  }
  return bit(entry.key, depth)
    ? branch(node.left, insert(node.right, entry, depth + 1))
    : branch(insert(node.left, entry, depth + 1), node.right);
}

function leaf(key: Bytes, value: Bytes): Leaf {
  return { key, value, hash: leafHashOf(key, value) };
}

function branch(left: Node, right: Node): Branch {
  return { left, right, hash: branchHash(hashOf(left), hashOf(right)) };
}

function leafHashOf(key: Uint8Array, value: Uint8Array): Bytes {
  return labelledHash('map-leaf', key, value);
}

function branchHash(left: Uint8Array, right: Uint8Array): Bytes {
  return labelledHash('map-node', left, right);
}

function hashOf(node: Node): Bytes {
  return node === undefined ? EMPTY : node.hash;
}

function bit(key: Uint8Array, depth: number): boolean {
  return (((key[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1) === 1;
}

function sharesBits(a: Uint8Array, b: Uint8Array, count: number): boolean {
  if (a.length !== 32) return false;
  for (let depth = 0; depth < count; depth++) if (bit(a, depth) !== bit(b, depth)) return false;
  return true;
}
