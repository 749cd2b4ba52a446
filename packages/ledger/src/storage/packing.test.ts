import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, readFrame } from './frames.ts';
import { pack, unpack } from './packing.ts';

const LONG_BYTES = 100_000;
const part = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  // Long ones that pack well, and long ones that do not.
  fc.integer({ min: 0, max: 255 }).map((byte) => new Uint8Array(LONG_BYTES).fill(byte)),
  fc.uint8Array({ minLength: 20_000, maxLength: 20_000, size: 'max' }),
);

describe('a packed payload', () => {
  it('unpacks to its parts', () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        expect(Buffer.from(unpack(Buffer.concat(pack(parts))))).toEqual(Buffer.concat(parts));
      }),
      { numRuns: 50 },
    );
  });

  it('is shorter where a part repeats itself, and packs that part once', () => {
    const long = new Uint8Array(LONG_BYTES).fill(7);
    const [first, second] = [pack([long]), pack([Uint8Array.of(1), long])];
    expect(Buffer.concat(second).length).toBeLessThan(LONG_BYTES / 10);
    expect(second.at(-1)).toBe(first.at(-1));
  });

  it.each([
    ['cut in a header', (bytes: Buffer) => bytes.subarray(0, 5)],
    ['cut in a chunk', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['with bytes behind it', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)])],
    ['that says another length', (bytes: Buffer) => bytes.fill(1, 4, 8)],
    ['whose chunk is damaged', (bytes: Buffer) => bytes.fill(0xff, 8, 12)],
  ])('%s is refused', (_what, change) => {
    const stored = Buffer.concat(pack([new Uint8Array(LONG_BYTES).fill(7)]));
    expect(() => unpack(change(stored))).toThrowError(expect.objectContaining({ code: 'MALFORMED' }));
  });
});

describe('a frame', () => {
  it('is damaged where its packed bytes are', () => {
    const frame = Buffer.concat(encodeFrame(5, [new Uint8Array(LONG_BYTES).fill(7)]));
    expect(readFrame(frame, 0)).toMatchObject({ kind: 'whole', number: 5, end: frame.length });
    const flipped = Buffer.from(frame);
    flipped[frame.length - 1] = 0xff ^ (frame.at(-1) ?? 0);
    expect(readFrame(flipped, 0)).toEqual({ kind: 'corrupt', number: 5 });
  });

  it('is damaged where a right digest stands over what does not unpack', () => {
    const frame = Buffer.concat(encodeFrame(5, [new Uint8Array(LONG_BYTES).fill(7)]));
    frame.fill(0xff, frame.length - 4);
    const digest = createHash('sha256').update(frame.subarray(4, 12)).update(frame.subarray(48)).digest();
    digest.copy(frame, 16);
    expect(readFrame(frame, 0)).toEqual({ kind: 'corrupt', number: 5 });
  });
});
