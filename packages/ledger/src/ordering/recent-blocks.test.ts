import { expect, it } from 'vitest';
import { RecentBlocks } from './recent-blocks.ts';

const MEGABYTE = 1024 * 1024;
const block = (bytes: number) => ({ parts: [new Uint8Array(bytes - 1), new Uint8Array(1)] });

it('keeps the newest blocks by number and by size', () => {
  const small = new RecentBlocks();
  for (let number = 0; number < 100; number++) small.put(number, block(10));
  expect(small.get(35)).toBeUndefined();
  expect(small.get(36)).toBeDefined();
  expect(small.get(99)).toBeDefined();

  const large = new RecentBlocks();
  for (let number = 0; number < 20; number++) large.put(number, block(3 * MEGABYTE));
  expect(large.get(14)).toBeUndefined();
  expect(large.get(15)).toBeDefined();
});

it('keeps the newest one however large it is', () => {
  const blocks = new RecentBlocks();
  blocks.put(0, block(10));
  blocks.put(1, block(40 * MEGABYTE));
  expect([blocks.get(0), blocks.get(1)?.parts[0]?.length]).toEqual([undefined, 40 * MEGABYTE - 1]);
  blocks.put(2, block(10));
  expect(blocks.get(1)).toBeUndefined();
  expect(blocks.get(2)).toBeDefined();
});
