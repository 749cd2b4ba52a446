import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8, toHex } from './bytes.ts';
import { canonical } from './canonical.ts';
import { parseExact } from './json.ts';

const VECTORS = new URL('../../../../shared/data/vectors/jcs-rfc8785.json', import.meta.url);

describe('canonical', () => {
  it('gives the result of RFC 8785 section 3.2.3 for sorted names', () => {
    const input =
      '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh",' +
      '"1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}';
    const names = Object.keys(JSON.parse(canonical(JSON.parse(input))) as object);
    expect(names).toEqual(['1', '\r', '\u0080', 'ö', '€', '😀', '\ufb33']);
  });

  it('gives the numbers of RFC 8785 appendix B', () => {
    expect(
      canonical([0, -0, 5e-324, 1.7976931348623157e308, 9007199254740992, 1e21, 999999999999999900000]),
    ).toBe('[0,0,5e-324,1.7976931348623157e+308,9007199254740992,1e+21,999999999999999900000]');
  });

  it('keeps numbers as they were written', () => {
    expect(canonical(parseExact('{"b":1.00,"a":[1e3,1,0.10]}'))).toBe('{"a":[1e3,1,0.10],"b":1.00}');
  });

  it.each([NaN, Infinity, 1n, () => 1, '\ud800', { '\udc00': 1 }])('refuses %s', (value) => {
    expect(() => canonical(value)).toThrow(expect.objectContaining({ code: 'NOT_CANONICAL' }));
  });

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).toReversed());
        expect(canonical(reversed)).toBe(canonical(object));
        expect(JSON.parse(canonical(object))).toEqual(JSON.parse(JSON.stringify(object)));
      }),
    );
  });

  it.skipIf(!existsSync(VECTORS))('gives the bytes of the public vectors', () => {
    const vectors = JSON.parse(readFileSync(VECTORS, 'utf8')) as { input: string; outputHex: string[] }[];
    expect(vectors.length).toBeGreaterThan(0);
    for (const { input, outputHex } of vectors) {
      expect(toHex(utf8(canonical(JSON.parse(input))))).toBe(outputHex.join(''));
    }
  });
});
