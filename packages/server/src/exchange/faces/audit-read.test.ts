import type { LogEntry } from '@healthchain/custody';
import { expect, test } from 'vitest';
import { auditEventOf, auditId, joinAccesses } from './audit-read.ts';

const PERSON = 'a'.repeat(32);
const names = {
  patient: { reference: 'Patient/1' },
  user: () => 'Dr Nina Holt',
  record: () => undefined,
};

function entry(change: Partial<LogEntry>): LogEntry {
  return {
    channel: 'care',
    custodian: 'NorthMSP',
    sequence: 0,
    person: PERSON,
    number: 1,
    previous: null,
    time: '2026-03-01T10:00:00.000Z',
    kind: 'released',
    requestId: '11111111-1111-4111-8111-111111111111',
    subject: { mspId: 'SouthMSP', userId: 'b'.repeat(32), role: 'doctor' },
    purpose: 'TREAT',
    records: [
      { recordId: '22222222-2222-4222-8222-222222222222', version: 1, code: 'GRANT', basis: 'grant-1' },
    ],
    ...change,
  };
}

test('entries of several custodians about one request are one access, each version once', () => {
  const accesses = joinAccesses([
    entry({}),
    entry({ custodian: 'SouthMSP', time: '2026-03-01T10:00:01.000Z' }),
  ]);
  expect(accesses).toHaveLength(1);
  const { resource } = auditEventOf(accesses[0] as (typeof accesses)[number], names);
  const agent = [{ who: { display: 'Dr Nina Holt' } }];
  expect(resource).toMatchObject({ outcome: '0', action: 'R', recorded: '2026-03-01T10:00:00.000Z', agent });
  const data = (
    resource['entity'] as { role: { code: string }; detail?: { valueString: string }[] }[]
  ).filter(({ role }) => role.code === '4');
  expect(data).toHaveLength(1);
  expect(data[0]?.detail?.[1]?.valueString).toBe('NorthMSP SouthMSP');
});

test.each([
  ['user', { subject: { mspId: 'SouthMSP', userId: 'c'.repeat(32), role: 'nurse' } }],
  ['organisation', { subject: { mspId: 'NorthMSP', userId: 'b'.repeat(32), role: 'doctor' } }],
  ['request', { requestHash: 'd'.repeat(64) }],
] as const)('another %s under an id that was used before is a line of its own', (_, change) => {
  const accesses = joinAccesses([entry({}), entry({ ...change, time: '2026-03-02T10:00:00.000Z' })]);
  expect(accesses).toHaveLength(2);
  const ids = accesses.map(auditId);
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9.-]{1,64}$/);
});

test('a refusal has outcome 8, names the deciding Consent, and is apart from what the same request released', () => {
  const refused = entry({
    kind: 'refused',
    records: [
      {
        recordId: '33333333-3333-4333-8333-333333333333',
        version: 1,
        code: 'DENIED_BY_PATIENT',
        basis: 'deny-1',
      },
    ],
  });
  const accesses = joinAccesses([entry({}), refused]);
  expect(new Set(accesses.map(auditId)).size).toBe(2);
  const event = accesses
    .map((access) => auditEventOf(access, names).resource)
    .find(({ outcome }) => outcome === '8');
  expect(event?.['outcomeDesc']).toBe('refused: DENIED_BY_PATIENT');
  expect(JSON.stringify(event?.['entity'])).toContain('Consent/deny-1');
});

test.each([
  ['stated', 'BASE_POLICY', '0'],
  ['stated', 'NO_RELATION', '8'],
  ['stated', 'DENIED_BY_PATIENT', '8'],
] as const)('a local access of kind %s with code %s has outcome %s', (kind, code, outcome) => {
  const [access] = joinAccesses([
    entry({ kind, records: [{ recordId: '22222222-2222-4222-8222-222222222222', version: 1, code }] }),
  ]);
  expect(auditEventOf(access as NonNullable<typeof access>, names).resource['outcome']).toBe(outcome);
});

test('a search and a match are queries', () => {
  const [search] = joinAccesses([entry({ interaction: 'search-type' })]);
  const [match] = joinAccesses([entry({ kind: 'match', records: [] })]);
  for (const access of [search, match]) {
    expect(auditEventOf(access as NonNullable<typeof access>, names).resource['action']).toBe('E');
  }
});
