import { concat, equalBytes } from '@healthchain/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEnvelope, encodePair } from '../config/index.ts';
import { checkWellFormed } from './index.ts';

/** One field of bytes as a careless writer may put it: any of three fields, its tag and length longer than they need be. */
const field = fc
  .record({
    number: fc.integer({ min: 1, max: 3 }),
    content: fc.uint8Array({ maxLength: 200 }),
    tagPadding: fc.constantFrom(0, 0, 0, 1),
    lengthPadding: fc.constantFrom(0, 0, 0, 1),
  })
  .map(({ number, content, tagPadding, lengthPadding }) =>
    concat(varint(number * 8 + 2, tagPadding), varint(content.length, lengthPadding), content),
  );

function varint(value: number, padding: number): Uint8Array {
  const groups = value < 128 ? [value] : [value % 128, Math.floor(value / 128)];
  const bytes = [...groups, ...Array.from({ length: padding }, () => 0)];
  return Uint8Array.from(bytes, (group, i) => (i < bytes.length - 1 ? group + 128 : group));
}

function isTaken(element: Uint8Array): boolean {
  try {
    checkWellFormed(1n, [element, element]);
    return true;
  } catch {
    return false;
  }
}

test('an element of block data is what encoding its payload and signature makes, and nothing else', () => {
  let taken = 0;
  fc.assert(
    fc.property(fc.array(field, { maxLength: 4 }), (fields) => {
      const element = concat(...fields);
      const { payload, signature } = decodeEnvelope(element);
      const isOnly =
        payload.length > 0 && signature.length > 0 && equalBytes(encodePair(payload, signature), element);
      expect(isTaken(element)).toBe(isOnly);
      taken += isOnly ? 1 : 0;
    }),
    { numRuns: 3000, examples: [[[Uint8Array.of(10, 1, 1), Uint8Array.of(18, 1, 1)]]] },
  );
  expect(taken).toBeGreaterThan(10);
});

test('bytes that are no envelope are refused', () => {
  for (const element of [Uint8Array.of(10, 5, 1), Uint8Array.of(0), Uint8Array.of(0x0a)])
    expect(isTaken(element)).toBe(false);
});
