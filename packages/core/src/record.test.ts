import { describe, expect, it } from 'vitest';
import { recordHeader, recordLabels, recordOperation } from './record.ts';

const header = {
  label: 'healthchain/v1/record',
  suite: 1,
  channel: 'care',
  recordId: '1f0e6d6c-8c5b-4f43-9b6a-0d8f4f1f2a11',
  version: 1,
  persons: ['0'.repeat(32)],
  categories: ['laboratory'],
  author: { mspId: 'NorthMSP', userId: 'f'.repeat(32) },
  day: '2026-01-31',
};

describe('record shapes', () => {
  it('accept a header', () => {
    expect(recordHeader.parse(header)).toEqual(header);
  });

  it.each([
    ['an unknown suite', { suite: 2 }],
    ['an unknown label', { label: 'healthchain/v2/record' }],
    ['version 0', { version: 0 }],
    ['unsorted persons', { persons: ['1'.repeat(32), '0'.repeat(32)] }],
    ['repeated persons', { persons: ['1'.repeat(32), '1'.repeat(32)] }],
    ['restricted beside a category', { categories: ['laboratory', 'restricted'] }],
    ['an unknown category', { categories: ['hiv'] }],
    ['a day that is none', { day: '2026-02-30' }],
    ['a member too many', { note: 'free text' }],
  ])('refuse %s', (_, change) => {
    expect(recordHeader.safeParse({ ...header, ...change }).success).toBe(false);
  });

  it('refuse an R record without a sensitivity', () => {
    expect(
      recordLabels.safeParse({ categories: ['social'], confidentiality: 'R', sensitivities: [] }).success,
    ).toBe(false);
    expect(
      recordLabels.safeParse({ categories: ['social'], confidentiality: 'R', sensitivities: ['PSY'] })
        .success,
    ).toBe(true);
  });

  it('refuse content on a retraction', () => {
    const retract = { kind: 'retract', header };
    expect(recordOperation.safeParse(retract).success).toBe(true);
    expect(recordOperation.safeParse({ ...retract, commitment: '0'.repeat(64) }).success).toBe(false);
  });
});
