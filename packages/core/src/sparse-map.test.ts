import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uint32, type Bytes } from './bytes.ts';
import { sha256 } from './hash.ts';
import { SparseMap, verifyMapProof } from './sparse-map.ts';

const keyOf = (n: number): Bytes => sha256(uint32(n));
const mapOf = (numbers: readonly number[]): SparseMap =>
  numbers.reduce((map, n) => map.set(keyOf(n), sha256(keyOf(n))), SparseMap.empty);
const numbers = fc.uniqueArray(fc.nat({ max: 10_000 }), { maxLength: 40 });

describe('SparseMap', () => {
  it('has one root for one content, whatever the order', () => {
    fc.assert(
      fc.property(numbers, (list) => {
        expect(mapOf(list.toReversed()).root).toEqual(mapOf(list).root);
      }),
    );
  });

  it('proves what is in it and what is not', () => {
    fc.assert(
      fc.property(numbers, fc.nat({ max: 10_000 }), (list, wanted) => {
        const map = mapOf(list);
        const shown = verifyMapProof(map.root, keyOf(wanted), map.prove(keyOf(wanted)));
        expect(shown).toEqual(list.includes(wanted) ? sha256(keyOf(wanted)) : 'absent');
      }),
    );
  });

  it('shows nothing when a proof is altered or belongs to another root', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 10_000 }), { minLength: 2, maxLength: 40 }), (list) => {
        const map = mapOf(list);
        const key = keyOf(list[0] as number);
        const proof = map.prove(key);
        const changed = map.set(key, keyOf(1));
        expect(verifyMapProof(changed.root, key, proof)).toBe('invalid');
        expect(verifyMapProof(map.root, key, { ...proof, siblings: proof.siblings.slice(1) })).toBe(
          'invalid',
        );
        expect(verifyMapProof(map.root, key, { ...proof, entry: undefined })).toBe('invalid');
        const forged = { ...proof, entry: { key, value: keyOf(7) } };
        expect(verifyMapProof(map.root, key, forged)).toBe('invalid');
      }),
    );
  });

  it('replaces the value of a key and leaves the earlier map as it was', () => {
    const before = mapOf([1, 2, 3]);
    const root = before.root;
    const after = before.set(keyOf(2), keyOf(9));
    expect(verifyMapProof(after.root, keyOf(2), after.prove(keyOf(2)))).toEqual(keyOf(9));
    expect(before.root).toEqual(root);
  });
});
