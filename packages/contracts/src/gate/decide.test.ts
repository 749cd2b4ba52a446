import { describe, expect, it } from 'vitest';
import type { ArgumentOf } from '../registry.ts';
import type { Signer } from '../state/rows.ts';
import {
  ACME,
  AUTHORITY,
  NORTH,
  SOUTH,
  administratorOf,
  grantOf,
  maria,
  mariaUser,
  northDoctor,
  readyLedger,
  register,
  serverOf,
  southDoctor,
} from '../testing/cast.ts';
import { idOf, userOf, type MemoryLedger } from '../testing/ledger.ts';
import { MAX_ITEMS, type AccessItem } from './question.ts';

const sam = idOf('Sam');
const nurse = userOf(SOUTH, 'nurse');

interface Asked {
  readonly subject?: Signer;
  readonly purpose?: ArgumentOf<'authorisation:Decide'>['purpose'];
  readonly right?: ArgumentOf<'authorisation:Decide'>['right'];
  readonly emergency?: string;
}

/** A laboratory record of Maria by North, with what a test changes. */
const itemOf = (parts: Partial<AccessItem> = {}): AccessItem => ({
  persons: [maria],
  author: { mspId: NORTH, userId: idOf('an author') },
  categories: ['laboratory'],
  confidentiality: 'N',
  sensitivities: [],
  ...parts,
});

async function codesOf(ledger: MemoryLedger, items: readonly AccessItem[], asked: Asked = {}) {
  const { decisions } = await ledger.call(serverOf(NORTH), 'authorisation:Decide', {
    subject: southDoctor,
    purpose: 'TREAT',
    right: 'read',
    ...asked,
    items: [...items],
  });
  return decisions.map((decision) => decision.code);
}
const codeOf = async (ledger: MemoryLedger, parts: Partial<AccessItem> = {}, asked: Asked = {}) =>
  (await codesOf(ledger, [itemOf(parts)], asked))[0];

const grant = (ledger: MemoryLedger, id: string, parts: Parameters<typeof grantOf>[2] = {}, by = mariaUser) =>
  ledger.call(by, 'authorisation:Grant', grantOf(ledger, id, parts));

describe('standing', () => {
  it('comes first: membership, suspension of organisation and user, role', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'g');
    expect(await codeOf(ledger, {}, { subject: userOf('WestMSP', 'doctor') })).toBe('NOT_A_MEMBER');
    expect(await codeOf(ledger, {}, { subject: userOf(ACME, 'doctor') })).toBe('ROLE_NOT_OF_ORGANISATION');
    await ledger.call(administratorOf(SOUTH), 'membership:Suspend', { userId: southDoctor.userId });
    expect(await codeOf(ledger)).toBe('USER_SUSPENDED');
    const change = { kind: 'suspend', mspId: SOUTH } as const;
    const { proposalId } = await ledger.call(administratorOf(NORTH), 'membership:Propose', { change });
    for (const mspId of [ACME, AUTHORITY]) {
      await ledger.call(administratorOf(mspId), 'membership:Approve', { proposalId });
    }
    expect(await codeOf(ledger)).toBe('ORGANISATION_SUSPENDED');
  });

  it('a patient who is suspended sees nothing either', async () => {
    const ledger = await readyLedger();
    const asked = { subject: mariaUser, purpose: 'PATRQT' } as const;
    expect(await codeOf(ledger, {}, asked)).toBe('PATIENT');
    await ledger.call(administratorOf(AUTHORITY), 'membership:Suspend', { userId: mariaUser.userId });
    expect(await codeOf(ledger, {}, asked)).toBe('USER_SUSPENDED');
  });
});

describe('rights', () => {
  it('anonymised reading waits for studies, for every role', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'g', { rights: ['read', 'read-anonymised'] });
    expect(await codeOf(ledger, {}, { right: 'read-anonymised' })).toBe('STUDY_REQUIRED');
  });

  it('a grant of reading permits no writing, one of writing no reading', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'r');
    expect(await codeOf(ledger, {}, { right: 'write' })).toBe('NOT_GRANTED');
    await grant(ledger, 'w', {
      rights: ['write'],
      grantee: { kind: 'person', mspId: SOUTH, userId: nurse.userId },
    });
    expect(await codeOf(ledger, {}, { subject: nurse })).toBe('NOT_GRANTED');
    expect(await codeOf(ledger, {}, { subject: nurse, right: 'write' })).toBe('GRANT');
  });

  it('a server rebuilds by reading alone', async () => {
    const ledger = await readyLedger();
    const asked = { subject: serverOf(NORTH), purpose: 'HOPERAT' } as const;
    expect(await codeOf(ledger, { confidentiality: 'V' }, asked)).toBe('REBUILD');
    expect(await codeOf(ledger, {}, { ...asked, right: 'write' })).toBe('NO_IDENTIFIED_CONTENT');
    expect(await codeOf(ledger, { persons: [] }, { ...asked, right: 'write' })).toBe('NOT_GRANTED');
  });

  it('an organisation’s grant opens nothing to its server', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'g', { grantee: { kind: 'organisation', mspId: SOUTH }, purposes: ['HOPERAT'] });
    const asked = { subject: serverOf(SOUTH), purpose: 'HOPERAT' } as const;
    expect(await codeOf(ledger, {}, asked)).toBe('NO_IDENTIFIED_CONTENT');
    expect(await codeOf(ledger, {}, { ...asked, subject: southDoctor })).toBe('GRANT');
  });
});

describe('grantees', () => {
  it('a role and an organisation stand for whoever is in them', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'role', { grantee: { kind: 'role', mspId: SOUTH, role: 'nurse' } });
    expect(await codeOf(ledger, {}, { subject: nurse })).toBe('GRANT');
    expect(await codeOf(ledger)).toBe('NOT_GRANTED');
    await grant(ledger, 'organisation', { grantee: { kind: 'organisation', mspId: SOUTH } });
    expect(await codeOf(ledger)).toBe('GRANT');
    expect(
      await codeOf(ledger, { author: { mspId: SOUTH, userId: idOf('x') } }, { subject: northDoctor }),
    ).toBe('NOT_GRANTED');
  });
});

describe('categories and labels', () => {
  it('a document needs all its categories, a deny one of them', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'g', { categories: ['laboratory', 'documents'] });
    expect(await codeOf(ledger, { categories: ['documents', 'laboratory'] })).toBe('GRANT');
    expect(await codeOf(ledger, { categories: ['documents', 'problems'] })).toBe('NOT_GRANTED');
    await grant(ledger, 'd', { effect: 'deny', categories: ['laboratory'] });
    expect(await codeOf(ledger, { categories: ['documents', 'laboratory'] })).toBe('DENIED_BY_PATIENT');
    expect(await codeOf(ledger, { categories: ['documents'] })).toBe('GRANT');
  });

  it('an R record needs every sensitivity that it carries', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'g', { sensitivities: ['PSY'] });
    expect(await codeOf(ledger, { confidentiality: 'R', sensitivities: ['PSY'] })).toBe('GRANT');
    expect(await codeOf(ledger, { confidentiality: 'R', sensitivities: ['HIV', 'PSY'] })).toBe('NOT_GRANTED');
    expect(await codeOf(ledger, { confidentiality: 'N', sensitivities: ['HIV'] })).toBe('NOT_GRANTED');
  });

  it('a deny that names sensitivities refuses what carries one of them', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'g', { sensitivities: ['HIV', 'PSY'] });
    await grant(ledger, 'd', { effect: 'deny', sensitivities: ['PSY'] });
    expect(await codeOf(ledger)).toBe('GRANT');
    expect(await codeOf(ledger, { confidentiality: 'R', sensitivities: ['HIV'] })).toBe('GRANT');
    expect(await codeOf(ledger, { confidentiality: 'R', sensitivities: ['HIV', 'PSY'] })).toBe(
      'DENIED_BY_PATIENT',
    );
  });

  it('what is only known to be restricted, or R without a sensitivity, is not guessed at', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'g', { sensitivities: ['ETH', 'PSY', 'HIV', 'SDV', 'SEX', 'STD', 'GDIS'] });
    expect(await codeOf(ledger, { categories: ['restricted'], confidentiality: 'R' })).toBe('LABELS_UNKNOWN');
    expect(await codeOf(ledger, { confidentiality: 'R' })).toBe('LABELS_UNKNOWN');
    const { emergencyId: emergency } = await ledger.call(southDoctor, 'custody:OpenEmergency', {
      personId: maria,
      reason: 'BTG',
    });
    expect(await codeOf(ledger, { categories: ['restricted'] }, { purpose: 'ETREAT', emergency })).toBe(
      'LABELS_UNKNOWN',
    );
  });

  it('the author of a V record sees it, a colleague with the same grant does not', async () => {
    const ledger = await readyLedger();
    await register(ledger, maria, undefined, SOUTH);
    const veiled = { confidentiality: 'V', author: { mspId: SOUTH, userId: southDoctor.userId } } as const;
    expect(await codeOf(ledger, veiled)).toBe('BASE_POLICY');
    expect(await codeOf(ledger, veiled, { subject: nurse })).toBe('VERY_RESTRICTED');
    expect(await codeOf(ledger, veiled, { subject: mariaUser, purpose: 'PATRQT' })).toBe('PATIENT');
  });
});

describe('exceptions', () => {
  type Exception = NonNullable<ArgumentOf<'authorisation:Grant'>['exceptions']>[number];
  const permitExcept = async (exception: Exception) => {
    const ledger = await readyLedger();
    await grant(ledger, 'g', {
      grantee: { kind: 'organisation', mspId: SOUTH },
      sensitivities: ['HIV', 'PSY'],
      purposes: ['TREAT', 'HOPERAT'],
      exceptions: [exception],
    });
    return ledger;
  };

  it('of a permit take out what touches them', async () => {
    const ledger = await permitExcept({ categories: ['problems'] });
    expect(await codesOf(ledger, [itemOf(), itemOf({ categories: ['laboratory', 'problems'] })])).toEqual([
      'GRANT',
      'NOT_GRANTED',
    ]);
    const labels = await permitExcept({ sensitivities: ['PSY'] });
    const restricted = (sensitivities: AccessItem['sensitivities']) =>
      itemOf({ confidentiality: 'R', sensitivities });
    expect(await codesOf(labels, [restricted(['HIV']), restricted(['HIV', 'PSY'])])).toEqual([
      'GRANT',
      'NOT_GRANTED',
    ]);
  });

  it('of a permit, for a purpose, a grantee or a time', async () => {
    const purpose = await permitExcept({ purposes: ['HOPERAT'] });
    expect(await codeOf(purpose)).toBe('GRANT');
    expect(await codeOf(purpose, {}, { purpose: 'HOPERAT' })).toBe('NOT_GRANTED');
    const person = await permitExcept({ grantee: { kind: 'person', mspId: SOUTH, userId: nurse.userId } });
    expect(await codeOf(person)).toBe('GRANT');
    expect(await codeOf(person, {}, { subject: nurse })).toBe('NOT_GRANTED');
    const time = await permitExcept({ start: '2026-03-01T12:00:00.000Z', end: '2026-03-01T13:00:00.000Z' });
    expect(await codeOf(time)).toBe('GRANT');
    time.now = '2026-03-01T12:30:00.000Z';
    expect(await codeOf(time)).toBe('NOT_GRANTED');
  });

  it('hold where all their dimensions do', async () => {
    const ledger = await permitExcept({ categories: ['problems'], purposes: ['HOPERAT'] });
    expect(await codeOf(ledger, { categories: ['problems'] })).toBe('GRANT');
    expect(await codeOf(ledger, { categories: ['problems'] }, { purpose: 'HOPERAT' })).toBe('NOT_GRANTED');
  });

  it('of a deny spare only what lies within them', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'g', { sensitivities: ['HIV', 'PSY'] });
    await grant(ledger, 'd', { effect: 'deny', exceptions: [{ categories: ['laboratory'] }] });
    expect(await codeOf(ledger)).toBe('GRANT');
    expect(await codeOf(ledger, { categories: ['documents', 'laboratory'] })).toBe('DENIED_BY_PATIENT');
  });

  it('of a parent bind the child', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'root', {
      rights: ['read', 'authorise'],
      exceptions: [{ categories: ['problems'] }],
    });
    const child = {
      parent: 'root',
      grantee: { kind: 'person', mspId: SOUTH, userId: nurse.userId },
    } as const;
    await grant(ledger, 'child', child, southDoctor);
    expect(await codeOf(ledger, {}, { subject: nurse })).toBe('GRANT');
    expect(await codeOf(ledger, { categories: ['problems'] }, { subject: nurse })).toBe('NOT_GRANTED');
  });
});

describe('several persons and none', () => {
  it('needs a permit for each', async () => {
    const ledger = await readyLedger();
    await register(ledger, sam, userOf(AUTHORITY, 'patient', 'Sam'));
    await grant(ledger, 'g');
    expect(await codeOf(ledger, { persons: [maria, sam] })).toBe('NOT_GRANTED');
    expect(await codeOf(ledger, { persons: [sam, maria] })).toBe('NOT_GRANTED');
    await grant(ledger, 's', { personId: sam }, userOf(AUTHORITY, 'patient', 'Sam'));
    expect(await codeOf(ledger, { persons: [maria, sam] })).toBe('GRANT');
    expect(await codeOf(ledger, { persons: [maria, sam] }, { subject: mariaUser, purpose: 'PATRQT' })).toBe(
      'NOT_GRANTED',
    );
  });

  it('an emergency is for one person’s records', async () => {
    const ledger = await readyLedger();
    const { emergencyId: emergency } = await ledger.call(southDoctor, 'custody:OpenEmergency', {
      personId: maria,
      reason: 'BTG',
    });
    const asked = { purpose: 'ETREAT', emergency } as const;
    expect(await codeOf(ledger, { persons: [maria, sam] }, asked)).toBe('EMERGENCY_OTHER_PERSON');
    expect(await codeOf(ledger, { persons: [maria, maria] }, asked)).toBe('EMERGENCY_OTHER_PERSON');
    expect(await codeOf(ledger, { persons: [] }, asked)).toBe('NOT_GRANTED');
    const asNurse: Signer = { ...southDoctor, role: 'nurse' };
    expect(await codeOf(ledger, {}, { ...asked, subject: asNurse })).toBe('EMERGENCY_NOT_OWN');
  });

  it('a record of no person is the own organisation’s, within the role’s categories', async () => {
    const ledger = await readyLedger();
    const of = (mspId: string, category: 'laboratory' | 'problems' = 'laboratory') => ({
      persons: [],
      author: { mspId, userId: idOf('an author') },
      categories: [category],
    });
    expect(await codeOf(ledger, of(SOUTH))).toBe('BASE_POLICY');
    expect(await codeOf(ledger, of(NORTH))).toBe('NOT_GRANTED');
    const technician = { subject: userOf(SOUTH, 'lab-technician') };
    expect(await codeOf(ledger, of(SOUTH), technician)).toBe('BASE_POLICY');
    expect(await codeOf(ledger, of(SOUTH, 'problems'), technician)).toBe('NOT_GRANTED');
    expect(await codeOf(ledger, { ...of(SOUTH), confidentiality: 'V' })).toBe('VERY_RESTRICTED');
    expect(await codeOf(ledger, of(SOUTH), { subject: mariaUser, purpose: 'PATRQT' })).toBe('NOT_GRANTED');
  });
});

describe('cost', () => {
  it('reads rows of this person and grantee only, however many grants there are', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'mine');
    const question = { subject: southDoctor, purpose: 'TREAT', right: 'read', items: [itemOf()] } as const;
    const cost = async () => {
      const { stub } = await ledger.execute(serverOf(NORTH), 'authorisation:Decide', {
        ...question,
        items: [itemOf()],
      });
      return [stub.keysRead.length, stub.rangesRead.length];
    };
    const before = await cost();
    for (let i = 0; i < 50; i++) {
      const userId = idOf(`colleague ${i}`);
      await grant(ledger, `g${i}`, { grantee: { kind: 'person', mspId: SOUTH, userId } });
    }
    expect(await cost()).toEqual(before);
  });

  it('decides many items of one person on the same reads', async () => {
    const ledger = await readyLedger();
    await grant(ledger, 'g');
    const items = Array.from({ length: MAX_ITEMS }, () => itemOf());
    const { stub, result } = await ledger.execute(serverOf(NORTH), 'authorisation:Decide', {
      subject: southDoctor,
      purpose: 'TREAT',
      right: 'read',
      items,
    });
    expect(result.decisions.every((decision) => decision.permit)).toBe(true);
    expect(stub.keysRead.length).toBeLessThan(10);
  });
});
