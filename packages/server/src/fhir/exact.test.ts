import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FhirError, type FhirErrorCode } from './errors.ts';
import {
  plainResource,
  readResource,
  resourceText,
  withId,
  withoutServedMeta,
  withServedMeta,
} from './exact.ts';

const codeOf = (read: () => unknown): FhirErrorCode | undefined => {
  try {
    read();
    return undefined;
  } catch (error) {
    return error instanceof FhirError ? error.code : undefined;
  }
};

describe('exact resources', () => {
  it('keeps the digits of numbers and the order of members', () => {
    const text =
      '{"resourceType":"Observation","valueQuantity":{"value":1.00,"unit":"mg"},"b":[1e3,0.10,-0]}';
    expect(resourceText(readResource(text))).toBe(text);
    expect(plainResource(readResource(text))).toMatchObject({
      valueQuantity: { value: 1 },
      b: [1000, 0.1, -0],
    });
  });

  it('writes every JSON object back as it was read', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (members) => {
        const text = JSON.stringify({ resourceType: 'Basic', ...members, resourceType2: 1 });
        if (text.includes('"resourceType":"Basic"')) expect(resourceText(readResource(text))).toBe(text);
      }),
    );
  });

  it.each([
    ['BAD_JSON', '{"resourceType":"Patient",}'],
    ['BAD_JSON', '{"resourceType":"Patient"'],
    ['BAD_JSON', ''],
    ['DUPLICATE_MEMBER', '{"resourceType":"Patient","active":true,"active":false}'],
    ['DUPLICATE_MEMBER', '{"resourceType":"Patient","name":[{"family":"a","fam\\u0069ly":"b"}]}'],
    ['BAD_CHARACTER', '{"resourceType":"Basic","a":"half \\ud83d"}'],
    ['BAD_CHARACTER', '{"resourceType":"Basic","a":"\\udc00\\ud800"}'],
    ['BAD_CHARACTER', '{"resourceType":"Basic","a":["\\u0000"]}'],
    ['BAD_CHARACTER', '{"resourceType":"Basic","a":"\\b"}'],
    ['BAD_CHARACTER', '{"resourceType":"Basic","\\u001F":1}'],
    ['TOO_DEEP', `{"resourceType":"Patient","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    ['NOT_A_RESOURCE', '[]'],
    ['NOT_A_RESOURCE', '{"resourceType":1}'],
    ['NOT_A_RESOURCE', '{}'],
    ['NOT_A_RESOURCE', '1.00'],
  ] as const)('refuses with %s: %s', (code, text) => {
    expect(codeOf(() => readResource(text))).toBe(code);
  });

  it.each(['\\ud83d\\ude00', '\\\\u0000', '\\t\\n\\r', '\\u0009', '\\u00e9'])(
    'takes the characters of %s',
    (text) => {
      expect(() => readResource(`{"resourceType":"Basic","a":"${text}"}`)).not.toThrow();
    },
  );

  it('names the path of a repeated member', () => {
    try {
      readResource('{"resourceType":"Patient","name":[{"family":"a","family":"b"}]}');
      expect.unreachable();
    } catch (error) {
      expect((error as FhirError).details).toEqual({ expression: 'name.family' });
    }
  });

  it('takes equal names in different objects, and names inside strings', () => {
    const text = '{"resourceType":"Patient","a":{"x":"{\\"x\\":1,\\"x\\":2}"},"b":{"x":[{"x":1},{"x":2}]}}';
    expect(resourceText(readResource(text))).toBe(text);
  });

  it('refuses bytes that are not UTF-8, and bodies over the limit', () => {
    expect(codeOf(() => readResource(Uint8Array.of(0x7b, 0xff, 0x7d)))).toBe('BAD_UTF8');
    expect(codeOf(() => readResource('{"resourceType":"Patient"}', 10))).toBe('BODY_TOO_LARGE');
  });

  it('serves version facts first and takes them off again', () => {
    const resource = readResource('{"meta":{"tag":[{"code":"t"}]},"active":true,"resourceType":"Patient"}');
    const served = withServedMeta(withId(resource, 'p'), {
      versionId: '2',
      lastUpdated: '2024-01-01T00:00:00Z',
    });
    expect(resourceText(served)).toBe(
      '{"resourceType":"Patient","id":"p","meta":{"versionId":"2","lastUpdated":"2024-01-01T00:00:00Z","tag":[{"code":"t"}]},"active":true}',
    );
    expect(withoutServedMeta(served)).toEqual({
      resourceType: 'Patient',
      id: 'p',
      meta: { tag: [{ code: 't' }] },
      active: true,
    });
    expect(
      withoutServedMeta(withServedMeta({ resourceType: 'Patient' }, { versionId: '1', lastUpdated: 'x' })),
    ).toEqual({
      resourceType: 'Patient',
    });
  });
});
