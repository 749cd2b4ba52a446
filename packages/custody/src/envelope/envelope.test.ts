import {
  CATEGORIES,
  CONFIDENTIALITIES,
  SENSITIVITIES,
  sha256,
  toHex,
  type RecordHeader,
  type RecordLabels,
} from '@healthchain/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerOf, HIV, LABORATORY, observation, SAM } from '../testing/records.ts';
import { committedText, decodeContent, encodeContent } from './content.ts';
import { openRecord, sealRecord, type CommittedRecord } from './envelope.ts';
import { decodeLabels, encodeLabels, publicCategories } from './labels.ts';
import { padmeLength } from './padme.ts';

const input = { header: headerOf(1), labels: LABORATORY, type: 'Observation', resource: observation(1) };
const failsWith = (act: () => unknown, code: string): void =>
  expect(act).toThrow(expect.objectContaining({ code }));

function committed(): { record: CommittedRecord; dataKey: Uint8Array } {
  const { dataKey, ...sealed } = sealRecord(input);
  return { record: { header: input.header, ...sealed }, dataKey };
}

describe('a sealed record', () => {
  it('opens to the same resource, digits of numbers included, without versionId and lastUpdated', () => {
    const { record, dataKey } = committed();
    const opened = openRecord(dataKey, LABORATORY, record);
    expect(opened.text).toContain('"value":7.10');
    expect(opened.text).toBe(committedText(input.resource));
    expect(JSON.stringify(opened.resource)).toContain('7.10');
    expect(opened.resource['meta']).toEqual({ tag: [{ code: 'laboratory' }] });
    expect(opened.type).toBe('Observation');
  });

  it('differs each time: fresh key, nonce and salt', () => {
    const [a, b] = [sealRecord(input), sealRecord(input)];
    expect(a.commitment).not.toBe(b.commitment);
    expect(toHex(a.dataKey)).not.toBe(toHex(b.dataKey));
    expect(a.ciphertext.length).toBe(b.ciphertext.length);
  });

  const headerChanges: Partial<RecordHeader>[] = [
    { channel: 'consortium' },
    { recordId: headerOf(2).recordId },
    { version: 2 },
    { persons: [SAM] },
    { persons: [] },
    { author: { mspId: 'SouthMSP', userId: headerOf(1).author.userId } },
    { author: { mspId: 'NorthMSP', userId: SAM } },
    { day: '2026-03-02' },
  ];
  it.each(headerChanges)('does not open under another header: %j', (change) => {
    const { record, dataKey } = committed();
    failsWith(
      () => openRecord(dataKey, LABORATORY, { ...record, header: { ...record.header, ...change } }),
      'OPEN_FAILED',
    );
  });

  it('does not open under other labels, key or with any byte changed', () => {
    const { record, dataKey } = committed();
    const labels: RecordLabels = { ...LABORATORY, sensitivities: ['HIV'] };
    failsWith(() => openRecord(dataKey, labels, record), 'OPEN_FAILED');
    failsWith(() => openRecord(dataKey, HIV, record), 'HEADER_MISMATCH');
    failsWith(() => openRecord(new Uint8Array(32), LABORATORY, record), 'OPEN_FAILED');
    fc.assert(
      fc.property(fc.nat(record.ciphertext.length - 1), (position) => {
        const ciphertext = record.ciphertext.slice();
        ciphertext[position] = (ciphertext[position] as number) ^ 1;
        failsWith(() => openRecord(dataKey, LABORATORY, { ...record, ciphertext }), 'CIPHERTEXT_MISMATCH');
        const rehashed = { ...record, ciphertext, ciphertextHash: toHex(sha256(ciphertext)) };
        failsWith(() => openRecord(dataKey, LABORATORY, rehashed), 'OPEN_FAILED');
      }),
    );
  });

  it('is refused when the commitment is another, the suite unknown or the type not the resource’s', () => {
    const { record, dataKey } = committed();
    failsWith(
      () => openRecord(dataKey, LABORATORY, { ...record, commitment: sealRecord(input).commitment }),
      'COMMITMENT_MISMATCH',
    );
    const header = { ...record.header, suite: 2 } as unknown as RecordHeader;
    failsWith(() => openRecord(dataKey, LABORATORY, { ...record, header }), 'UNKNOWN_SUITE');
    failsWith(() => sealRecord({ ...input, type: 'Condition' }), 'TYPE_MISMATCH');
    failsWith(() => sealRecord({ ...input, labels: HIV }), 'HEADER_MISMATCH');
  });

  it('is refused beyond 64 KB', () => {
    failsWith(
      () => sealRecord({ ...input, resource: { ...input.resource, note: 'x'.repeat(70_000) } }),
      'TOO_LARGE',
    );
  });
});

describe('content', () => {
  it('has one encoding: what decodes, encodes back', () => {
    const bytes = encodeContent({ salt: new Uint8Array(32), type: 'Observation', text: '{}' });
    expect(encodeContent(decodeContent(bytes))).toEqual(bytes);
    for (let i = 0; i < bytes.length; i++) failsWith(() => decodeContent(bytes.subarray(0, i)), 'MALFORMED');
    const marked = bytes.slice();
    marked[marked.length - 1] = 1;
    failsWith(() => decodeContent(marked), 'MALFORMED');
  });

  it('leaves out a meta that has nothing else', () => {
    expect(committedText({ resourceType: 'Patient', meta: { versionId: '1' } })).toBe(
      '{"resourceType":"Patient"}',
    );
    expect(committedText({ resourceType: 'Patient' })).toBe('{"resourceType":"Patient"}');
  });
});

describe('Padmé', () => {
  it.each([
    [1, 1],
    [9, 10],
    [100, 104],
    [1_000, 1_024],
    [1_025, 1_088],
    [65_537, 67_584],
  ])('%i → %i', (length, padded) => expect(padmeLength(length)).toBe(padded));

  it('never shrinks, costs at most 12 %, and pads what it padded no further', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 10_000_000 }), (length) => {
        const padded = padmeLength(length);
        expect(padded).toBeGreaterThanOrEqual(length);
        expect(padded).toBeLessThanOrEqual(length * 1.12);
        expect(padmeLength(padded)).toBe(padded);
      }),
    );
  });
});

describe('labels', () => {
  const labels = fc.record({
    categories: fc.subarray([...CATEGORIES], { minLength: 1 }).map((list) => list.sort()),
    confidentiality: fc.constantFrom(...CONFIDENTIALITIES),
    sensitivities: fc.subarray([...SENSITIVITIES]).map((list) => list.sort()),
  });

  it('are the same after encoding', () => {
    fc.assert(
      fc.property(labels, (value) => {
        expect(decodeLabels(encodeLabels(value))).toEqual(value);
      }),
    );
  });

  it('keep the bits that are on ledgers', () => {
    const value: RecordLabels = {
      categories: ['demographics', 'other'],
      confidentiality: 'V',
      sensitivities: ['ETH', 'GDIS'],
    };
    expect(toHex(encodeLabels(value))).toBe('00008001020041');
  });

  it('that stand for nothing are refused', () => {
    for (const bytes of [[1, 0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 3, 0, 0], [0, 0, 0, 1, 0, 1, 0], [0]]) {
      failsWith(() => decodeLabels(Uint8Array.from(bytes)), 'MALFORMED');
    }
  });

  it('show nothing above N', () => {
    expect(publicCategories(LABORATORY)).toEqual(['laboratory']);
    expect(publicCategories(HIV)).toEqual(['restricted']);
  });
});
