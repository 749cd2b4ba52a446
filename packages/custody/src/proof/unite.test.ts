import { expect, it } from 'vitest';
import type { LogEntry } from '../log/format.ts';
import { uniteAccesses } from './unite.ts';

const RECORD = { recordId: '22222222-2222-4222-8222-222222222222', version: 1, epoch: 1, code: 'GRANT' };

function entry(change: Partial<LogEntry>): LogEntry {
  return {
    channel: 'care',
    custodian: 'NorthMSP',
    sequence: 0,
    person: 'a'.repeat(32),
    number: 1,
    previous: null,
    time: '2026-03-01T10:00:00.000Z',
    kind: 'released',
    requestId: '11111111-1111-4111-8111-111111111111',
    requestHash: 'e'.repeat(64),
    subject: { mspId: 'SouthMSP', userId: 'b'.repeat(32), role: 'doctor' },
    purpose: 'TREAT',
    records: [RECORD],
    ...change,
  };
}

function united(...entries: LogEntry[]) {
  const logs = ['NorthMSP', 'SouthMSP'].map((custodian) => ({
    custodian,
    entries: entries
      .filter((one) => one.custodian === custodian)
      .map((one) => ({ entry: one, isProven: true })),
  }));
  return uniteAccesses(logs as unknown as Parameters<typeof uniteAccesses>[0], () => 2);
}

it('joins what two custodians say of one request', () => {
  const { accesses, findings } = united(entry({}), entry({ custodian: 'SouthMSP' }));
  expect(accesses).toMatchObject([{ status: 'proved', subject: { mspId: 'SouthMSP' } }]);
  expect(findings).toEqual([]);
});

it.each([
  ['asker', { subject: { mspId: 'AuthorityMSP', userId: 'c'.repeat(32), role: 'emergency-staff' } }],
  ['request', { requestHash: 'f'.repeat(64) }],
] as const)('shows another %s under an id that was used before as an access of its own', (_, change) => {
  const later = { ...change, time: '2026-03-02T10:00:00.000Z' };
  const { accesses } = united(
    entry({}),
    entry({ custodian: 'SouthMSP' }),
    entry(later),
    entry({ ...later, custodian: 'SouthMSP' }),
  );
  expect(accesses).toMatchObject([{ status: 'proved' }, { status: 'proved', time: later.time }]);
  expect(accesses[1]?.subject).toEqual({
    ...entry({}).subject,
    ...('subject' in change ? change.subject : {}),
  });
});
