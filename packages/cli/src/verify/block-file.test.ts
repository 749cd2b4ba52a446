import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksOf, delimited } from './block-file.ts';

const joined = (blocks: readonly Uint8Array[]): Uint8Array => Buffer.concat(blocks.map(delimited));

describe('a file of blocks', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 })), (blocks) => {
        expect([...blocksOf(joined(blocks), 'f')].map((block) => [...block])).toEqual(
          blocks.map((block) => [...block]),
        );
      }),
    );
  });

  it('has protobuf’s varints for lengths', () => {
    expect([...delimited(new Uint8Array(300)).subarray(0, 3)]).toEqual([0xac, 0x02, 0]);
  });

  it('that ends within a block is refused, whichever byte it ends at', () => {
    const bytes = joined([new Uint8Array(3), new Uint8Array(200)]);
    for (let end = 5; end < bytes.length; end++)
      expect(() => [...blocksOf(bytes.subarray(0, end), 'f')]).toThrow('f is no file of blocks');
    expect(() => [...blocksOf(new Uint8Array(9).fill(0xff), 'f')]).toThrow('f is no file of blocks');
  });
});
