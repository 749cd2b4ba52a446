import { randomUuid } from '@healthchain/core';
import type { EntryDraft } from '../log/format.ts';
import { DOCTOR, recordIdOf } from './records.ts';

export const personOf = (n: number): string => n.toString(16).padStart(32, 'a');

export function draftAbout(n: number, overrides: Partial<EntryDraft> = {}): EntryDraft {
  return {
    person: personOf(n),
    kind: 'stated',
    requestId: randomUuid(),
    subject: { mspId: 'NorthMSP', userId: DOCTOR, role: 'doctor' },
    purpose: 'TREAT',
    records: [{ recordId: recordIdOf(n), version: 1, code: 'BASE_POLICY' }],
    ...overrides,
  };
}
