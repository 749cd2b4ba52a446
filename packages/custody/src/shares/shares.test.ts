import { randomBytes } from 'node:crypto';
import { toHex } from '@healthchain/core';
import fc from 'fast-check';
import { combine, split } from 'shamir-secret-sharing';
import { describe, expect, it } from 'vitest';
import type { Epoch } from '../epoch.ts';
import { evaluate, inverse, multiply, weightsAtZero } from './gf256.ts';
import {
  combineShares,
  dealShares,
  matchesShareHash,
  proveBadShares,
  shareHash,
  type Share,
} from './shares.ts';

const record = { recordId: '0b9d9a05-7b0c-4a0b-8b7e-2f1f3a2a4b11', version: 3 };
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** Custodians at any different indexes, in any order, with any threshold, and a choice of k of them. */
const dealing = fc
  .uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 9 })
  .chain((indexes) => fc.tuple(fc.constant(indexes), fc.integer({ min: 1, max: indexes.length })))
  .chain(([indexes, threshold]) =>
    fc.record({
      epoch: fc.constant(epochOf(indexes, threshold)),
      chosen: fc.shuffledSubarray(
        indexes.map((_, i) => i),
        { minLength: threshold, maxLength: threshold },
      ),
    }),
  );

function epochOf(indexes: readonly number[], threshold: number): Epoch {
  return { number: 1, threshold, custodians: indexes.map((index) => ({ mspId: `M${index}`, index })) };
}

describe('GF(256)', () => {
  it('multiplies as FIPS 197 section 4.2 says and inverts', () => {
    expect(multiply(0x57, 0x83)).toBe(0xc1);
    expect(multiply(0x57, 0x13)).toBe(0xfe);
    for (let a = 1; a < 256; a++) expect(multiply(a, inverse(a))).toBe(1);
  });

  it('is a field', () => {
    const element = fc.nat(255);
    fc.assert(
      fc.property(element, element, element, (a, b, c) => {
        expect(multiply(a, b)).toBe(multiply(b, a));
        expect(multiply(a, multiply(b, c))).toBe(multiply(multiply(a, b), c));
        expect(multiply(a, b ^ c)).toBe(multiply(a, b) ^ multiply(a, c));
      }),
    );
  });
});

describe('shares', () => {
  it('any k give the key back', () => {
    fc.assert(
      fc.property(bytes32, dealing, (dataKey, { epoch, chosen }) => {
        const shares = dealShares(dataKey, record, epoch);
        const some = chosen.map((i) => shares[i] as Share);
        expect(toHex(combineShares(some, epoch.threshold))).toBe(toHex(dataKey));
      }),
    );
  });

  it('k-1 are refused, and say nothing: every key fits them', () => {
    const epoch = epochOf([1, 2, 3], 2);
    const [first] = dealShares(randomBytes(32), record, epoch) as [Share];
    expect(() => combineShares([first], 2)).toThrow(expect.objectContaining({ code: 'TOO_FEW_SHARES' }));
    fc.assert(
      fc.property(bytes32, (anyKey) => {
        const [wantedWeight, weight] = weightsAtZero([2, 1]) as [number, number];
        const y = first.y.map((byte, i) =>
          multiply((anyKey[i] as number) ^ multiply(byte, weight), inverse(wantedWeight)),
        );
        expect(toHex(combineShares([first, { ...first, index: 2, y }], 2))).toBe(toHex(anyKey));
      }),
    );
  });

  it('shamir-secret-sharing combines ours: y ‖ x is its format', async () => {
    await fc.assert(
      fc.asyncProperty(bytes32, dealing, async (dataKey, { epoch, chosen }) => {
        if (epoch.threshold < 2) return;
        const shares = dealShares(dataKey, record, epoch);
        const theirs = chosen
          .map((i) => shares[i] as Share)
          .map(({ y, index }) => Uint8Array.of(...y, index));
        expect(toHex(await combine(theirs))).toBe(toHex(dataKey));
      }),
      { numRuns: 50 },
    );
  });

  it('we combine those of shamir-secret-sharing', async () => {
    const dataKey = new Uint8Array(randomBytes(32));
    const theirs = await split(dataKey, 5, 3);
    const shares = theirs.map((share) => ({
      ...record,
      epoch: 1,
      index: share[32] as number,
      y: share.slice(0, 32),
    }));
    expect(toHex(combineShares(shares.slice(1, 4), 3))).toBe(toHex(dataKey));
  });

  it('evaluates a known polynomial', () => {
    // 0x57 + 0x83·x at x = 0x13, by the products above and linearity.
    expect([...evaluate(Uint8Array.of(0x57), [Uint8Array.of(0x57)], 0x13)]).toEqual([0x57 ^ 0xfe]);
  });

  it('are dealt alike twice, and differently for another record, version, epoch or key', () => {
    const dataKey = randomBytes(32);
    const epoch = epochOf([1, 2, 3], 2);
    const deal = (key: Uint8Array, of: typeof record, at: Epoch): string =>
      toHex((dealShares(key, of, at)[0] as Share).y);
    const usual = deal(dataKey, record, epoch);
    expect(deal(dataKey, record, epoch)).toBe(usual);
    const others = [
      deal(dataKey, { ...record, version: 4 }, epoch),
      deal(dataKey, { ...record, recordId: '1b9d9a05-7b0c-4a0b-8b7e-2f1f3a2a4b11' }, epoch),
      deal(dataKey, record, { ...epoch, number: 2 }),
      deal(randomBytes(32), record, epoch),
    ];
    expect(new Set([usual, ...others]).size).toBe(5);
  });

  it('hash to something else when any part changes', () => {
    const share = dealShares(randomBytes(32), record, epochOf([1, 2, 3], 2))[1] as Share;
    const hash = shareHash(share);
    expect(matchesShareHash(share, hash)).toBe(true);
    const changes: Partial<Share>[] = [
      { recordId: '1b9d9a05-7b0c-4a0b-8b7e-2f1f3a2a4b11' },
      { version: 4 },
      { epoch: 2 },
      { index: 3 },
      { y: share.y.map((byte, i) => (i === 31 ? byte ^ 1 : byte)) },
    ];
    for (const change of changes) expect(matchesShareHash({ ...share, ...change }, hash)).toBe(false);
  });

  it('that the author dealt badly are proved by whoever has the key', () => {
    const dataKey = randomBytes(32);
    const epoch = epochOf([7, 2, 5], 2);
    const hashes = dealShares(dataKey, record, epoch).map(shareHash);
    expect(proveBadShares(dataKey, record, epoch, hashes)).toEqual([]);
    hashes[1] = shareHash({ ...record, epoch: 1, index: 2, y: new Uint8Array(32) });
    expect(proveBadShares(dataKey, record, epoch, hashes)).toEqual([2]);
    expect(proveBadShares(dataKey, record, epoch, hashes.slice(0, 2))).toEqual([2, 5]);
  });

  it.each([
    ['BAD_THRESHOLD', epochOf([1, 2], 3)],
    ['BAD_THRESHOLD', epochOf([1, 2], 0)],
    ['BAD_INDEX', epochOf([1, 1], 2)],
    ['BAD_INDEX', epochOf([0, 1], 2)],
    ['BAD_INDEX', epochOf([256, 1], 2)],
  ])('%s: an epoch that cannot be dealt to', (code, epoch) => {
    expect(() => dealShares(randomBytes(32), record, epoch)).toThrow(expect.objectContaining({ code }));
  });

  it('two of one index are refused', () => {
    const [share] = dealShares(randomBytes(32), record, epochOf([1, 2], 2)) as [Share];
    expect(() => combineShares([share, share], 2)).toThrow(expect.objectContaining({ code: 'BAD_INDEX' }));
  });
});
