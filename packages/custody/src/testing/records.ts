import type { RecordHeader, RecordLabels } from '@healthchain/core';
import type { Resource } from '../envelope/content.ts';
import type { Epoch } from '../epoch.ts';

export const MARIA = '11111111111111111111111111111111';
export const SAM = '22222222222222222222222222222222';
export const DOCTOR = 'dddddddddddddddddddddddddddddddd';

export const EPOCH: Epoch = {
  number: 1,
  threshold: 2,
  custodians: [
    { mspId: 'NorthMSP', index: 1 },
    { mspId: 'SouthMSP', index: 2 },
    { mspId: 'AuthorityMSP', index: 3 },
  ],
};

export function recordIdOf(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

export const LABORATORY: RecordLabels = {
  categories: ['laboratory'],
  confidentiality: 'N',
  sensitivities: [],
};
export const HIV: RecordLabels = { categories: ['laboratory'], confidentiality: 'R', sensitivities: ['HIV'] };

export function headerOf(n: number, overrides: Partial<RecordHeader> = {}): RecordHeader {
  return {
    label: 'healthchain/v1/record',
    suite: 1,
    channel: 'care',
    recordId: recordIdOf(n),
    version: 1,
    persons: [MARIA],
    categories: ['laboratory'],
    author: { mspId: 'NorthMSP', userId: DOCTOR },
    day: '2026-03-01',
    ...overrides,
  };
}

export function observation(n: number): Resource {
  return {
    resourceType: 'Observation',
    id: recordIdOf(n),
    meta: { versionId: '1', lastUpdated: '2026-03-01T10:00:00Z', tag: [{ code: 'laboratory' }] },
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '4548-4' }] },
    valueQuantity: { value: JSON.rawJSON('7.10'), unit: '%' },
  };
}
