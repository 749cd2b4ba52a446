import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CoreError, emptyRoot, nodeHash, type Bytes } from '@healthchain/core';

export const TREE_SCHEMA = `
CREATE TABLE IF NOT EXISTS nodes (level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (level, position)) STRICT, WITHOUT ROWID;`;

/**
 * The Merkle tree of RFC 6962 kept as its complete subtrees in a table: memory does not grow with the log, and any earlier size
 * can be proved. Node (k, i) covers leaves [i·2^k, (i+1)·2^k). Writes belong to the caller's transaction.
 */
export class StoredTree {
  readonly #insert: StatementSync;
  readonly #select: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT INTO nodes (level, position, hash) VALUES (?, ?, ?)');
    this.#select = database.prepare('SELECT hash FROM nodes WHERE level = ? AND position = ?');
  }

  /** `index` is the size of the tree before. */
  append(index: number, leaf: Bytes): void {
    let hash = leaf;
    let position = index;
    this.#insert.run(0, position, hash);
    for (let level = 0; position % 2 === 1; level++) {
      hash = nodeHash(this.#node(level, position - 1), hash);
      position = (position - 1) / 2;
      this.#insert.run(level + 1, position, hash);
    }
  }

  root(size: number): Bytes {
    return size === 0 ? emptyRoot() : this.#rangeHash(0, size);
  }

  /** RFC 9162 section 2.1.3.1, leaf to root. */
  inclusionProof(index: number, size: number): Bytes[] {
    if (index < 0 || index >= size)
      throw new CoreError('BAD_PROOF_REQUEST', `There is no leaf ${index} in ${size}`);
    return this.#path(index, 0, size);
  }

  /** RFC 9162 section 2.1.4.1. */
  consistencyProof(oldSize: number, size: number): Bytes[] {
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

  #node(level: number, position: number): Bytes {
    const row = this.#select.get(level, position);
    if (row === undefined)
      throw new CoreError('BAD_PROOF_REQUEST', `The tree has no node (${level}, ${position})`);
    return row['hash'] as Bytes;
  }
}

/** The largest power of two smaller than `size`. */
function splitPoint(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1);
}
