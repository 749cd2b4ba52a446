import { DatabaseSync } from 'node:sqlite';
import { leafHash, MerkleTree, toHex, uint32, verifyConsistency, verifyInclusion } from '@healthchain/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoredTree, TREE_SCHEMA } from './stored-tree.ts';

function treesOf(size: number): { stored: StoredTree; inMemory: MerkleTree } {
  const database = new DatabaseSync(':memory:');
  database.exec(TREE_SCHEMA);
  const stored = new StoredTree(database);
  const inMemory = new MerkleTree();
  for (let i = 0; i < size; i++) {
    const leaf = leafHash(uint32(i));
    stored.append(i, leaf);
    inMemory.append(leaf);
  }
  return { stored, inMemory };
}

describe('the stored tree', () => {
  const { stored, inMemory } = treesOf(70);

  it('has the roots and proofs of the tree in memory, at every size', () => {
    fc.assert(
      fc.property(fc.nat(70), fc.nat(70), (a, b) => {
        const [smaller, size] = [Math.min(a, b), Math.max(a, b)];
        expect(toHex(stored.root(size))).toBe(toHex(inMemory.root(size)));
        expect(stored.consistencyProof(smaller, size).map(toHex)).toEqual(
          inMemory.consistencyProof(smaller, size).map(toHex),
        );
        if (smaller < size) {
          expect(stored.inclusionProof(smaller, size).map(toHex)).toEqual(
            inMemory.inclusionProof(smaller, size).map(toHex),
          );
        }
      }),
    );
  });

  it('gives proofs that verify', () => {
    const root = stored.root(70);
    for (let index = 0; index < 70; index++) {
      const proof = stored.inclusionProof(index, 70);
      expect(verifyInclusion({ leafHash: leafHash(uint32(index)), index, size: 70, proof, root })).toBe(true);
      if (index === 0) continue;
      const consistency = stored.consistencyProof(index, 70);
      const oldRoot = stored.root(index);
      expect(verifyConsistency({ oldSize: index, oldRoot, size: 70, root, proof: consistency })).toBe(true);
    }
  });

  it('refuses what it does not have', () => {
    expect(() => stored.root(71)).toThrow(expect.objectContaining({ code: 'BAD_PROOF_REQUEST' }));
    expect(() => stored.inclusionProof(5, 5)).toThrow(expect.objectContaining({ code: 'BAD_PROOF_REQUEST' }));
  });
});
