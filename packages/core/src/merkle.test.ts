import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, fromHex, toHex, type Bytes } from './bytes.ts';
import { leafHash, MerkleTree, nodeHash, verifyConsistency, verifyInclusion } from './merkle.ts';

/** Leaves and roots of the test tree of Certificate Transparency's reference implementation. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const VECTORS = new URL('../../../../shared/data/vectors/merkle-rfc6962.json', import.meta.url);

function treeOf(count: number): MerkleTree {
  const tree = new MerkleTree();
  for (let i = 0; i < count; i++) tree.append(leafHash(Uint8Array.of(i >> 8, i & 255)));
  return tree;
}

function flip(bytes: Bytes, bit: number): Bytes {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

describe('MerkleTree', () => {
  it('has the roots of the reference tree at every size', () => {
    const tree = new MerkleTree();
    for (const leaf of LEAVES) tree.append(leafHash(fromHex(leaf)));
    expect(ROOTS.map((_, size) => toHex(tree.root(size)))).toEqual(ROOTS);
  });

  it('proves inclusion of every leaf at every size, and nothing else', () => {
    const sizes = fc.integer({ min: 1, max: 70 });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat({ max: 255 }), (size, pick, bit) => {
        const tree = treeOf(70);
        const index = pick % size;
        const leaf = leafHash(Uint8Array.of(0, index));
        const proof = tree.inclusionProof(index, size);
        const root = tree.root(size);
        expect(verifyInclusion({ leafHash: leaf, index, size, proof, root })).toBe(true);
        expect(verifyInclusion({ leafHash: flip(leaf, bit), index, size, proof, root })).toBe(false);
        expect(verifyInclusion({ leafHash: leaf, index, size, proof, root: flip(root, bit) })).toBe(false);
        expect(verifyInclusion({ leafHash: leaf, index, size, proof: [...proof, root], root })).toBe(false);
        for (let other = 0; other < size; other++) {
          if (other !== index)
            expect(verifyInclusion({ leafHash: leaf, index: other, size, proof, root })).toBe(false);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('proves that every smaller tree is a prefix, and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat({ max: 255 }), (size, pick, bit) => {
        const tree = treeOf(70);
        const oldSize = 1 + (pick % size);
        const proof = tree.consistencyProof(oldSize, size);
        const claim = { oldSize, size, proof, oldRoot: tree.root(oldSize), root: tree.root(size) };
        expect(verifyConsistency(claim)).toBe(true);
        expect(verifyConsistency({ ...claim, oldRoot: flip(claim.oldRoot, bit) })).toBe(false);
        expect(verifyConsistency({ ...claim, root: flip(claim.root, bit) })).toBe(false);
        expect(verifyConsistency({ ...claim, proof: [...proof, claim.root] })).toBe(false);
        for (const [i, node] of proof.entries()) {
          expect(verifyConsistency({ ...claim, proof: proof.with(i, flip(node, bit)) })).toBe(false);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('refuses proofs of what it does not have', () => {
    const tree = treeOf(3);
    expect(() => tree.inclusionProof(3)).toThrow(expect.objectContaining({ code: 'BAD_PROOF_REQUEST' }));
    expect(() => tree.root(4)).toThrow(expect.objectContaining({ code: 'BAD_PROOF_REQUEST' }));
    expect(() => tree.consistencyProof(3, 2)).toThrow(expect.objectContaining({ code: 'BAD_PROOF_REQUEST' }));
  });

  it('separates leaves from nodes', () => {
    const [a, b] = [leafHash(Uint8Array.of(1)), leafHash(Uint8Array.of(2))];
    expect(nodeHash(a, b)).not.toEqual(leafHash(new Uint8Array([...a, ...b])));
  });

  it.skipIf(!existsSync(VECTORS))('agrees with the public vectors, valid and mutated', () => {
    const file = JSON.parse(readFileSync(VECTORS, 'utf8')) as {
      consistency: {
        size1: number;
        size2: number;
        root1: string;
        root2: string;
        proof: string[] | null;
        wantErr: boolean;
      }[];
      inclusion: {
        leafIdx: number;
        treeSize: number;
        root: string;
        leafHash: string;
        proof: string[] | null;
        wantErr: boolean;
      }[];
    };
    const proofOf = (proof: string[] | null): Bytes[] => (proof ?? []).map(fromBase64);
    for (const vector of file.consistency) {
      const verified = verifyConsistency({
        oldSize: vector.size1,
        size: vector.size2,
        oldRoot: fromBase64(vector.root1),
        root: fromBase64(vector.root2),
        proof: proofOf(vector.proof),
      });
      expect({ ...vector, verified }).toEqual({ ...vector, verified: !vector.wantErr });
    }
    for (const vector of file.inclusion) {
      const verified = verifyInclusion({
        leafHash: fromBase64(vector.leafHash),
        index: vector.leafIdx,
        size: vector.treeSize,
        root: fromBase64(vector.root),
        proof: proofOf(vector.proof),
      });
      expect({ ...vector, verified }).toEqual({ ...vector, verified: !vector.wantErr });
    }
  });
});
