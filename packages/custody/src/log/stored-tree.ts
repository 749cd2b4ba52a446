import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CoreError, MerkleProofs, nodeHash, type Bytes } from '@healthchain/core';

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
  readonly #proofs = new MerkleProofs((level, position) => this.#node(level, position));

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
    return this.#proofs.root(size);
  }

  /** @throws CoreError BAD_PROOF_REQUEST */
  inclusionProof(index: number, size: number): Bytes[] {
    if (index < 0 || index >= size)
      throw new CoreError('BAD_PROOF_REQUEST', `There is no leaf ${index} in ${size}`);
    return this.#proofs.inclusion(index, size);
  }

  consistencyProof(oldSize: number, size: number): Bytes[] {
    return this.#proofs.consistency(oldSize, size);
  }

  #node(level: number, position: number): Bytes {
    const row = this.#select.get(level, position);
    if (row === undefined)
      throw new CoreError('BAD_PROOF_REQUEST', `The tree has no node (${level}, ${position})`);
    return row['hash'] as Bytes;
  }
}
