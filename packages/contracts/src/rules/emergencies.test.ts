import { describe, expect, it } from 'vitest';
import { MAX_EMERGENCIES_PER_HOUR, MAX_OPEN_EMERGENCIES } from '../functions/custody.ts';
import type { Signer } from '../state/rows.ts';
import {
  AUTHORITY,
  NORTH,
  SOUTH,
  grantOf,
  maria,
  mariaUser,
  readyLedger,
  register,
  serverOf,
  southDoctor,
} from '../testing/cast.ts';
import { idOf, userOf, type MemoryLedger } from '../testing/ledger.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const open = (ledger: MemoryLedger, by: Signer, personId = maria) =>
  ledger.call(by, 'custody:OpenEmergency', { personId, reason: 'UNCONSCIOUS' });

async function decide(
  ledger: MemoryLedger,
  emergency: string | undefined,
  parts: { subject?: Signer; person?: string; label?: 'N' | 'R' | 'V'; right?: 'read' | 'write' } = {},
) {
  const label = parts.label ?? 'N';
  const { decisions } = await ledger.call(serverOf(NORTH), 'authorisation:Decide', {
    subject: parts.subject ?? southDoctor,
    purpose: 'ETREAT',
    right: parts.right ?? 'read',
    ...(emergency === undefined ? {} : { emergency }),
    items: [
      {
        persons: [parts.person ?? maria],
        author: { mspId: NORTH, userId: idOf('an author') },
        categories: ['problems'],
        confidentiality: label,
        sensitivities: label === 'N' ? [] : ['PSY'],
      },
    ],
  });
  return decisions[0]?.code;
}

describe('an emergency', () => {
  it('opens N and R, not V, of that person to that user, also against a deny', async () => {
    const ledger = await readyLedger();
    await ledger.call(mariaUser, 'authorisation:Grant', grantOf(ledger, 'no', { effect: 'deny' }));
    const { emergencyId } = await open(ledger, southDoctor);
    expect(await decide(ledger, emergencyId)).toBe('EMERGENCY');
    expect(await decide(ledger, emergencyId, { label: 'R' })).toBe('EMERGENCY');
    expect(await decide(ledger, emergencyId, { label: 'V' })).toBe('VERY_RESTRICTED');
    expect(await decide(ledger, emergencyId, { subject: userOf(SOUTH, 'nurse') })).toBe('EMERGENCY_NOT_OWN');
    expect(await decide(ledger, emergencyId, { person: idOf('Sam') })).toBe('EMERGENCY_OTHER_PERSON');
    expect(await decide(ledger, emergencyId, { right: 'write' })).toBe('EMERGENCY_NOT_APPLICABLE');
    expect(await decide(ledger, '0'.repeat(64))).toBe('EMERGENCY_UNKNOWN');
    expect(await decide(ledger, undefined)).toBe('EMERGENCY_REQUIRED');
  });

  it('ends by itself after four hours', async () => {
    const ledger = await readyLedger();
    const { emergencyId, until } = await open(ledger, southDoctor);
    expect(until).toBe('2026-03-01T14:00:00.000Z');
    ledger.now = '2026-03-01T14:00:00.000Z';
    expect(await decide(ledger, emergencyId)).toBe('EMERGENCY');
    ledger.now = '2026-03-01T14:00:00.001Z';
    expect(await decide(ledger, emergencyId)).toBe('EMERGENCY_OVER');
  });

  it('is for registered persons and coded reasons', async () => {
    const ledger = await readyLedger();
    await expect(open(ledger, southDoctor, idOf('nobody'))).rejects.toEqual(code('PERSON_UNKNOWN'));
    await expect(
      ledger.call(southDoctor, 'custody:OpenEmergency', { personId: maria, reason: 'curiosity' as 'BTG' }),
    ).rejects.toEqual(code('INVALID_ARGUMENT'));
  });
});

describe('limits', () => {
  it('a user holds a few persons open at a time', async () => {
    const ledger = await readyLedger();
    const persons = Array.from({ length: MAX_OPEN_EMERGENCIES + 1 }, (_, i) => idOf(`person ${i}`));
    for (const person of persons) await register(ledger, person);
    for (const person of persons.slice(0, MAX_OPEN_EMERGENCIES)) await open(ledger, southDoctor, person);
    const last = persons.at(-1);
    await expect(open(ledger, southDoctor, last)).rejects.toEqual(code('EMERGENCY_LIMIT'));
    await open(ledger, southDoctor, persons[0]);
    await open(ledger, userOf(SOUTH, 'nurse'), last);
    ledger.now = '2026-03-01T14:00:01.000Z';
    await open(ledger, southDoctor, last);
  });

  it('an organisation opens a limited number within an hour', async () => {
    const ledger = await readyLedger();
    for (let i = 0; i < MAX_EMERGENCIES_PER_HOUR; i++) await open(ledger, userOf(SOUTH, 'doctor', `${i}`));
    ledger.now = '2026-03-01T10:59:59.000Z';
    await expect(open(ledger, southDoctor)).rejects.toEqual(code('EMERGENCY_LIMIT'));
    await open(ledger, userOf(NORTH, 'doctor'));
    ledger.now = '2026-03-01T11:00:01.000Z';
    await open(ledger, southDoctor);
  });
});

describe('review', () => {
  it('is the privacy officer’s of the organisation, once', async () => {
    const ledger = await readyLedger();
    const { emergencyId } = await open(ledger, southDoctor);
    const officer = userOf(SOUTH, 'privacy-officer');
    const review = (by: Signer) =>
      ledger.call(by, 'custody:ReviewEmergency', { emergencyId, outcome: 'reported' });
    const pending = async () =>
      (await ledger.call(officer, 'custody:ListEmergencies', { mspId: SOUTH })).rows.length;
    await expect(review(userOf(NORTH, 'privacy-officer'))).rejects.toEqual(code('NOT_THE_REVIEWER'));
    expect(await pending()).toBe(1);
    await review(officer);
    expect(await pending()).toBe(0);
    await expect(review(officer)).rejects.toEqual(code('EMERGENCY_REVIEWED'));
    const seen = await ledger.call(mariaUser, 'custody:ListEmergencies', { personId: maria });
    expect(seen.rows).toMatchObject([
      { emergencyId, reason: 'UNCONSCIOUS', review: { outcome: 'reported' } },
    ]);
  });

  it('is the regulator’s for the authority’s own staff', async () => {
    const ledger = await readyLedger();
    const { emergencyId } = await open(ledger, userOf(AUTHORITY, 'emergency-staff'));
    const review = (mspId: string) =>
      ledger.call(userOf(mspId, 'regulator'), 'custody:ReviewEmergency', {
        emergencyId,
        outcome: 'accepted',
      });
    expect(await review(AUTHORITY)).toMatchObject({ review: { outcome: 'accepted' } });
  });

  it('shows others nothing', async () => {
    const ledger = await readyLedger();
    const { emergencyId } = await open(ledger, southDoctor);
    const sam = userOf(AUTHORITY, 'patient', 'Sam');
    await expect(ledger.call(sam, 'custody:GetEmergency', { emergencyId })).rejects.toEqual(
      code('NOT_THE_PATIENT'),
    );
    await expect(
      ledger.call(userOf(NORTH, 'privacy-officer'), 'custody:GetEmergency', { emergencyId }),
    ).rejects.toEqual(code('NOT_THE_REVIEWER'));
    await expect(
      ledger.call(userOf(NORTH, 'privacy-officer'), 'custody:ListEmergencies', { mspId: SOUTH }),
    ).rejects.toEqual(code('NOT_THE_REVIEWER'));
    await expect(ledger.call(sam, 'custody:ListEmergencies', { mspId: SOUTH })).rejects.toEqual(
      code('NOT_THE_PATIENT'),
    );
  });
});
