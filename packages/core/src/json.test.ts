import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_JSON_DEPTH, parseExact, toPlain } from './json.ts';

describe('parseExact', () => {
  it.each(['1.00', '1', '-0.0', '1e3', '1E+3', '0.10', '12345678901234567890', '1.7976931348623157e308'])(
    'keeps %s as written',
    (number) => {
      expect(JSON.stringify(parseExact(`{"value":${number}}`))).toBe(`{"value":${number}}`);
      expect(toPlain(parseExact(number))).toBe(Number(number));
    },
  );

  it('writes again what it read, whatever JSON it is', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const minified = JSON.stringify(parseExact(text));
        expect(JSON.stringify(parseExact(minified))).toBe(minified);
        expect(JSON.parse(minified)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('names what is wrong', () => {
    expect(() => parseExact('{"a":}')).toThrow(expect.objectContaining({ code: 'BAD_JSON' }));
    const nested = '['.repeat(MAX_JSON_DEPTH + 2) + ']'.repeat(MAX_JSON_DEPTH + 2);
    expect(() => parseExact(nested)).toThrow(expect.objectContaining({ code: 'TOO_DEEP' }));
  });

  it('keeps a member named __proto__ a member', () => {
    const value = toPlain(parseExact('{"__proto__":{"a":1.0}}'));
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"a":1}}');
  });
});
