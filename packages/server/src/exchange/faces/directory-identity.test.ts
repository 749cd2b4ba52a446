import { expect, test } from 'vitest';
import { identityIn } from './directory-identity.ts';

const SYSTEM = 'urn:healthchain:user';
const entry = (author: string, ...values: string[]) => ({
  author,
  text: JSON.stringify({
    resourceType: 'Practitioner',
    identifier: [
      { system: 'urn:other', value: `${author}/1` },
      ...values.map((value) => ({ system: SYSTEM, value })),
    ],
  }),
});

test.each([
  ['a user of its author', entry('SouthMSP', 'SouthMSP/b'), 'SouthMSP/b'],
  ['its author', entry('SouthMSP', 'SouthMSP'), 'SouthMSP'],
  ['the one that is its author’s', entry('SouthMSP', 'NorthMSP/a', 'SouthMSP/b'), 'SouthMSP/b'],
  ['nobody of another organisation', entry('SouthMSP', 'NorthMSP/a'), undefined],
  ['nobody of an organisation of a longer name', entry('South', 'SouthMSP/a'), undefined],
  ['nobody without an identifier', entry('SouthMSP'), undefined],
] as const)('an entry stands for %s', (_, given, expected) => {
  expect(identityIn(given, SYSTEM)).toBe(expected);
});

test('nothing and a tombstone stand for nobody', () => {
  expect(identityIn(undefined, SYSTEM)).toBeUndefined();
  expect(identityIn({ author: 'SouthMSP', text: null }, SYSTEM)).toBeUndefined();
});
