import { utf8 } from '@healthchain/core';
import { describe, expect, test } from 'vitest';
import { RowCache } from './row-cache.ts';

function rowOf(block: bigint, value = 'v') {
  return { value: utf8(value), metadata: new Uint8Array(), version: { block, transaction: 0n } };
}

describe('rows that are kept', () => {
  test('serve every view that shows the block of their version, and no older one', () => {
    const cache = new RowCache();
    const row = rowOf(7n);
    cache.keep('health', 'a', row);
    expect(cache.get('health', 'a', 8)).toBe(row);
    expect(cache.get('health', 'a', 7)).toBeUndefined();
    expect(cache.get('other', 'a', 8)).toBeUndefined();
  });

  test('are gone once their key is written', () => {
    const cache = new RowCache();
    cache.keep('health', 'a', rowOf(1n));
    cache.forget('health', 'a');
    expect(cache.get('health', 'a', 9)).toBeUndefined();
  });

  test('are not the large ones, and stay bounded', () => {
    const cache = new RowCache();
    cache.keep('health', 'large', rowOf(1n, 'x'.repeat(5_000)));
    expect(cache.get('health', 'large', 2)).toBeUndefined();
    for (let i = 0; i < 5_000; i++) cache.keep('health', `k${i}`, rowOf(1n));
    expect(cache.get('health', 'k4999', 2)).toBeDefined();
    expect(cache.get('health', 'k0', 2)).toBeUndefined();
  });
});
