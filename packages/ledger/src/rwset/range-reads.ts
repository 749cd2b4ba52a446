import { concat, sha256 } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { encodeReads } from './encode.ts';
import type { KvRead, MerkleSummary, RangeQuery } from './types.ts';

/** Results of a range query beyond which its reads are summarised by hashes (ledger.state.maxDegree of Fabric, fixed there). */
const MERKLE_MAX_DEGREE = 50;

const LEAF_LEVEL = 1;
/** A tree of a lower degree cannot be built. */
export const MIN_MERKLE_DEGREE = 2;

/**
 * The results of one range query in order. Every `maxDegree + 1` of them make a leaf of a Merkle tree whose nodes are
 * combined by the same rule, and only the hashes of the highest level are kept (Fabric's RangeQueryResultsHelper).
 */
export class RangeReads {
  readonly #maxDegree: number;
  readonly #levels = new Map<number, Uint8Array[]>();
  #pending: KvRead[] = [];
  #maxLevel = LEAF_LEVEL;

  /** @throws LedgerError BAD_RWSET for a degree below 2 */
  constructor(maxDegree = MERKLE_MAX_DEGREE) {
    if (maxDegree < MIN_MERKLE_DEGREE)
      throw new LedgerError('BAD_RWSET', `A Merkle degree of ${maxDegree} is below ${MIN_MERKLE_DEGREE}`);
    this.#maxDegree = maxDegree;
  }

  add(read: KvRead): void {
    this.#pending.push(read);
    if (this.#pending.length > this.#maxDegree) this.#makeLeaf();
  }

  /** What the tree is so far, without the results that have made no leaf yet. */
  summary(): MerkleSummary {
    return {
      maxDegree: this.#maxDegree,
      maxLevel: this.#maxLevel,
      maxLevelHashes: [...this.#level(this.#maxLevel)],
    };
  }

  /** Completes the tree; call it once, after the last result. */
  finish(): RangeQuery['reads'] {
    if (this.#maxLevel === LEAF_LEVEL && this.#level(LEAF_LEVEL).length === 0) {
      return this.#pending.length === 0 ? { kind: 'none' } : { kind: 'raw', reads: this.#pending };
    }
    if (this.#pending.length > 0) this.#makeLeaf();
    this.#complete();
    return { kind: 'merkle', summary: this.summary() };
  }

  #makeLeaf(): void {
    const leaf = sha256(encodeReads(this.#pending));
    this.#pending = [];
    this.#level(LEAF_LEVEL).push(leaf);
    for (let level = LEAF_LEVEL; this.#level(level).length > this.#maxDegree; level++)
      this.#raise(level, combine);
  }

  /** Lifts what stands below the highest level into it; the highest itself may then overflow once more. */
  #complete(): void {
    const highest = this.#maxLevel;
    for (let level = LEAF_LEVEL; level < highest; level++) {
      if (this.#level(level).length > 0)
        this.#raise(level, (hashes) => (hashes.length === 1 ? (hashes[0] as Uint8Array) : combine(hashes)));
    }
    if (this.#level(highest).length > this.#maxDegree) this.#raise(highest, combine);
  }

  #raise(level: number, into: (hashes: readonly Uint8Array[]) => Uint8Array): void {
    const parent = into(this.#level(level));
    this.#levels.delete(level);
    this.#level(level + 1).push(parent);
    this.#maxLevel = Math.max(this.#maxLevel, level + 1);
  }

  #level(level: number): Uint8Array[] {
    let hashes = this.#levels.get(level);
    if (hashes === undefined) {
      hashes = [];
      this.#levels.set(level, hashes);
    }
    return hashes;
  }
}

function combine(hashes: readonly Uint8Array[]): Uint8Array {
  return sha256(concat(...hashes));
}
