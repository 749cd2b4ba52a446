import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fromBase64,
  fromBase64url,
  fromHex,
  fromUtf8,
  lengthPrefixed,
  toBase64,
  toBase64url,
  toHex,
  uint64,
  utf8,
} from './bytes.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

describe('bytes', () => {
  it('come back from every encoding', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(fromHex(toHex(data))).toEqual(data);
        expect(fromBase64(toBase64(data))).toEqual(data);
        expect(fromBase64url(toBase64url(data))).toEqual(data);
        expect(toBase64(data)).toBe(Buffer.from(data).toString('base64'));
        expect(toBase64url(data)).toBe(Buffer.from(data).toString('base64url'));
      }),
    );
  });

  it.each([
    [fromHex, 'AB'],
    [fromHex, 'abc'],
    [fromBase64, 'YQ'],
    [fromBase64, 'YQ=='.repeat(2)],
    [fromBase64url, 'a+b'],
  ])('refuses another spelling (%#)', (decode, text) => {
    expect(() => decode(text)).toThrow(expect.objectContaining({ code: 'BAD_ENCODING' }));
  });

  it('refuses what is not UTF-8', () => {
    expect(() => fromUtf8(Uint8Array.of(0xff))).toThrow(expect.objectContaining({ code: 'BAD_ENCODING' }));
    expect(fromUtf8(utf8('häß 😀'))).toBe('häß 😀');
  });

  it('gives different lists of parts different encodings', () => {
    fc.assert(
      fc.property(fc.array(bytes), fc.array(bytes), (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(toHex(lengthPrefixed(...a))).not.toBe(toHex(lengthPrefixed(...b)));
      }),
    );
  });

  it('writes integers big-endian', () => {
    expect(toHex(uint64(258))).toBe('0000000000000102');
  });
});
