import { describe, expect, it } from 'vitest';
import { MAX_DELEGATION_DEPTH } from '../functions/authorisation.ts';
import type { AccessItem } from '../gate/question.ts';
import type { Grantee, Signer } from '../state/rows.ts';
import {
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

const code = (expected: string) => expect.objectContaining({ code: expected });
const nurse = userOf(SOUTH, 'nurse');
const daughter = userOf(AUTHORITY, 'family-member');
const granteeOf = ({ mspId, userId }: Signer): Grantee => ({ kind: 'person', mspId, userId });
type Parts = Parameters<typeof grantOf>[2];

const grant = (ledger: MemoryLedger, by: Signer, id: string, parts?: Parts) =>
  ledger.call(by, 'authorisation:Grant', grantOf(ledger, id, parts));
const revoke = (ledger: MemoryLedger, by: Signer, grantId: string) =>
  ledger.call(by, 'authorisation:Revoke', { grantId });

async function decide(ledger: MemoryLedger, subject: Signer, parts: Partial<AccessItem> = {}) {
  const item: AccessItem = {
    persons: [maria],
    author: { mspId: NORTH, userId: northDoctor.userId },
    categories: ['laboratory'],
    confidentiality: 'N',
    sensitivities: [],
    ...parts,
  };
  const { decisions } = await ledger.call(serverOf(NORTH), 'authorisation:Decide', {
    subject,
    purpose: 'TREAT',
    right: 'read',
    items: [item],
  });
  return decisions[0];
}

describe('the root of the tree', () => {
  it('is the patient’s', async () => {
    const ledger = await readyLedger();
    await grant(ledger, mariaUser, 'g');
    expect(await decide(ledger, southDoctor)).toEqual({ permit: true, code: 'GRANT', basis: 'g' });
    await expect(grant(ledger, southDoctor, 'own')).rejects.toEqual(code('NOT_THE_PATIENT'));
    await expect(grant(ledger, userOf(AUTHORITY, 'patient', 'Sam'), 'own')).rejects.toEqual(
      code('NOT_THE_PATIENT'),
    );
    await expect(grant(ledger, mariaUser, 'g')).rejects.toEqual(code('GRANT_EXISTS'));
    await expect(grant(ledger, mariaUser, 'h', { personId: idOf('nobody') })).rejects.toEqual(
      code('PERSON_UNKNOWN'),
    );
  });

  it('does not follow a person to another employer', async () => {
    const ledger = await readyLedger();
    await register(ledger, maria, undefined, SOUTH);
    await grant(ledger, mariaUser, 'g');
    const elsewhere: Signer = { ...southDoctor, mspId: NORTH };
    expect(
      (await decide(ledger, elsewhere, { author: { mspId: SOUTH, userId: nurse.userId } }))?.permit,
    ).toBe(false);
  });

  it.each<[string, Parts, string]>([
    ['an empty period', { end: '2026-03-01T08:00:00.000Z' }, 'PERIOD_NOT_POSSIBLE'],
    ['a period that is over', { end: '2026-03-01T10:00:00.000Z' }, 'PERIOD_NOT_POSSIBLE'],
    ['no member', { grantee: { kind: 'organisation', mspId: 'WestMSP' } }, 'GRANTEE_NOT_POSSIBLE'],
    [
      'a role that the organisation has not',
      { grantee: { kind: 'role', mspId: SOUTH, role: 'regulator' } },
      'GRANTEE_NOT_POSSIBLE',
    ],
    [
      'a role without content',
      { grantee: { kind: 'role', mspId: SOUTH, role: 'administrator' } },
      'GRANTEE_NOT_POSSIBLE',
    ],
    [
      'an exception of another organisation',
      { exceptions: [{ grantee: { kind: 'organisation', mspId: NORTH } }] },
      'GRANTEE_NOT_POSSIBLE',
    ],
    ['a spelling of an instant of its own', { start: '2026-03-01T10:00:00Z' }, 'INVALID_ARGUMENT'],
    ['a day that does not exist', { start: '2026-02-30T10:00:00.000Z' }, 'INVALID_ARGUMENT'],
    ['an empty exception', { exceptions: [{}] }, 'INVALID_ARGUMENT'],
  ])('refuses %s', async (_, parts, expected) => {
    const ledger = await readyLedger();
    await expect(grant(ledger, mariaUser, 'g', parts)).rejects.toEqual(code(expected));
  });

  it('holds from its start up to its end', async () => {
    const ledger = await readyLedger();
    await grant(ledger, mariaUser, 'g', {
      start: '2026-03-01T11:00:00.000Z',
      end: '2026-03-01T12:00:00.000Z',
    });
    const at = async (now: string) => {
      ledger.now = now;
      return (await decide(ledger, southDoctor))?.permit;
    };
    expect(await at('2026-03-01T10:59:59.999Z')).toBe(false);
    expect(await at('2026-03-01T11:00:00.000Z')).toBe(true);
    expect(await at('2026-03-01T11:59:59.999Z')).toBe(true);
    expect(await at('2026-03-01T12:00:00.000Z')).toBe(false);
  });
});

describe('delegation', () => {
  const root: Parts = {
    rights: ['read', 'authorise'],
    categories: ['laboratory', 'problems'],
    sensitivities: ['PSY'],
    purposes: ['TREAT', 'HOPERAT'],
    end: '2026-04-01T00:00:00.000Z',
  };
  const child: NonNullable<Parts> = {
    parent: 'root',
    grantee: granteeOf(nurse),
    categories: ['laboratory'],
    end: '2026-03-31T00:00:00.000Z',
  };

  async function withRoot(): Promise<MemoryLedger> {
    const ledger = await readyLedger();
    await grant(ledger, mariaUser, 'root', root);
    return ledger;
  }

  it('passes on what the parent holds and tells the patient', async () => {
    const ledger = await withRoot();
    const { stub } = await ledger.execute(
      southDoctor,
      'authorisation:Grant',
      grantOf(ledger, 'child', child),
    );
    expect(stub.event?.name).toBe('Granted');
    expect(JSON.parse(new TextDecoder().decode(stub.event?.payload))).toMatchObject({ parent: 'root' });
    expect(await decide(ledger, nurse)).toMatchObject({ permit: true, basis: 'child' });
    expect(await decide(ledger, nurse, { categories: ['problems'] })).toMatchObject({ permit: false });
  });

  it.each<[string, Parts]>([
    ['rights', { rights: ['write'] }],
    ['categories', { categories: ['medication'] }],
    ['categories', { categories: '*' }],
    ['sensitivities', { sensitivities: ['HIV'] }],
    ['purposes', { purposes: ['HRESCH'] }],
    ['start', { start: '2026-02-01T00:00:00.000Z' }],
    ['end', { end: '2026-04-01T00:00:00.001Z' }],
  ])('never exceeds the parent in %s', async (dimension, parts) => {
    const ledger = await withRoot();
    await expect(grant(ledger, southDoctor, 'child', { ...child, ...parts })).rejects.toEqual(
      expect.objectContaining({ code: 'EXCEEDS_PARENT', message: expect.stringContaining(dimension) }),
    );
  });

  it('has an end where the parent has one', async () => {
    const ledger = await withRoot();
    const { end: _, ...endless } = child;
    await expect(grant(ledger, southDoctor, 'child', endless)).rejects.toEqual(code('EXCEEDS_PARENT'));
  });

  it('is for who holds `authorise` by the parent', async () => {
    const ledger = await withRoot();
    await expect(grant(ledger, nurse, 'child', child)).rejects.toEqual(code('PARENT_NOT_HELD'));
    await grant(ledger, southDoctor, 'child', child);
    await expect(
      grant(ledger, nurse, 'grandchild', { ...child, parent: 'child', grantee: granteeOf(daughter) }),
    ).rejects.toEqual(code('PARENT_NOT_HELD'));
    await expect(grant(ledger, southDoctor, 'x', { ...child, parent: 'nothing' })).rejects.toEqual(
      code('PARENT_NOT_VALID'),
    );
    await expect(grant(ledger, southDoctor, 'x', { ...child, effect: 'deny' })).rejects.toEqual(
      code('DENY_IS_THE_PATIENTS'),
    );
  });

  it('does not cross to another person', async () => {
    const ledger = await withRoot();
    const sam = idOf('Sam');
    await register(ledger, sam);
    await expect(grant(ledger, southDoctor, 'x', { ...child, personId: sam })).rejects.toEqual(
      code('PARENT_NOT_VALID'),
    );
  });

  it('is not for who is denied it', async () => {
    const ledger = await withRoot();
    await grant(ledger, mariaUser, 'no', { effect: 'deny' });
    await expect(grant(ledger, southDoctor, 'child', child)).rejects.toEqual(code('PARENT_NOT_HELD'));
  });

  it('ends with any node above it', async () => {
    const ledger = await withRoot();
    await grant(ledger, southDoctor, 'child', { ...child, rights: ['read', 'authorise'] });
    await grant(ledger, nurse, 'grandchild', { ...child, parent: 'child', grantee: granteeOf(daughter) });
    const item = { purpose: 'TREAT' } as const;
    const reader = userOf(SOUTH, 'pharmacist');
    await grant(ledger, nurse, 'to pharmacist'.replace(' ', '-'), {
      ...child,
      parent: 'child',
      grantee: granteeOf(reader),
    });
    expect(item.purpose).toBe('TREAT');
    expect((await decide(ledger, reader))?.permit).toBe(true);
    await revoke(ledger, mariaUser, 'root');
    for (const user of [southDoctor, nurse, reader]) {
      expect((await decide(ledger, user))?.permit).toBe(false);
    }
    const state = await ledger.call(mariaUser, 'authorisation:Get', { grantId: 'grandchild' });
    expect(state).toMatchObject({ inForce: false });
    expect(state.revoked).toBeUndefined();
    await expect(grant(ledger, southDoctor, 'late', child)).rejects.toEqual(code('PARENT_NOT_VALID'));
  });

  it('has a limited depth', async () => {
    const ledger = await readyLedger();
    const users = Array.from({ length: MAX_DELEGATION_DEPTH + 2 }, (_, i) => userOf(SOUTH, 'nurse', `${i}`));
    const link = (i: number): Parts => ({
      rights: ['read', 'authorise'],
      grantee: granteeOf(users[i] as Signer),
      ...(i === 0 ? {} : { parent: `g${i - 1}` }),
    });
    await grant(ledger, mariaUser, 'g0', link(0));
    for (let i = 1; i <= MAX_DELEGATION_DEPTH; i++) {
      await grant(ledger, users[i - 1] as Signer, `g${i}`, link(i));
    }
    expect((await decide(ledger, users[MAX_DELEGATION_DEPTH] as Signer))?.permit).toBe(true);
    await expect(
      grant(ledger, users[MAX_DELEGATION_DEPTH] as Signer, 'deeper', link(MAX_DELEGATION_DEPTH + 1)),
    ).rejects.toEqual(code('TOO_DEEP'));
  });
});

describe('revocation', () => {
  it('is by the patient, the grantor, and the grantor of a node above', async () => {
    const ledger = await readyLedger();
    const delegable: Parts = { rights: ['read', 'authorise'] };
    const below = (parent: string, to: Signer): Parts => ({ ...delegable, parent, grantee: granteeOf(to) });
    await grant(ledger, mariaUser, 'root', delegable);
    await grant(ledger, southDoctor, 'child', below('root', nurse));
    await grant(ledger, nurse, 'g1', below('child', daughter));
    await grant(ledger, nurse, 'g2', below('child', daughter));
    await grant(ledger, nurse, 'g3', below('child', daughter));
    await expect(revoke(ledger, daughter, 'g1')).rejects.toEqual(code('NOT_THE_GRANTOR'));
    await revoke(ledger, nurse, 'g1');
    await revoke(ledger, southDoctor, 'g2');
    await revoke(ledger, mariaUser, 'g3');
    await expect(revoke(ledger, nurse, 'root')).rejects.toEqual(code('NOT_THE_GRANTOR'));
    await expect(revoke(ledger, mariaUser, 'g3')).rejects.toEqual(code('GRANT_REVOKED'));
    await expect(revoke(ledger, mariaUser, 'g4')).rejects.toEqual(code('GRANT_UNKNOWN'));
  });
});

describe('lists', () => {
  it('show the tree of a person and what a grantee holds', async () => {
    const ledger = await readyLedger();
    await grant(ledger, mariaUser, 'g1');
    await grant(ledger, mariaUser, 'g2', { grantee: { kind: 'role', mspId: SOUTH, role: 'nurse' } });
    await grant(ledger, mariaUser, 'g3', { grantee: { kind: 'organisation', mspId: SOUTH } });
    await revoke(ledger, mariaUser, 'g1');
    const ids = (rows: readonly { grantId: string }[]) => rows.map((row) => row.grantId);
    const first = await ledger.call(mariaUser, 'authorisation:ListByPerson', {
      personId: maria,
      pageSize: 2,
    });
    expect(ids(first.rows)).toEqual(['g1', 'g2']);
    const { bookmark } = first;
    const rest = await ledger.call(mariaUser, 'authorisation:ListByPerson', {
      personId: maria,
      pageSize: 2,
      ...(bookmark === undefined ? {} : { bookmark }),
    });
    expect(ids(rest.rows)).toEqual(['g3']);
    const held = await ledger.call(serverOf(SOUTH), 'authorisation:ListByGrantee', {
      grantee: granteeOf(southDoctor),
    });
    expect(held.rows).toEqual([]);
  });

  it('take no bookmark of another range', async () => {
    const ledger = await readyLedger();
    const sam = idOf('Sam');
    await register(ledger, sam);
    await grant(ledger, mariaUser, 'g1');
    await grant(ledger, mariaUser, 'g2');
    const { bookmark = '' } = await ledger.call(mariaUser, 'authorisation:ListByPerson', {
      personId: maria,
      pageSize: 1,
    });
    const attempt = (mark: string) =>
      ledger.call(serverOf(NORTH), 'authorisation:ListByPerson', { personId: sam, bookmark: mark });
    await expect(attempt(bookmark)).rejects.toEqual(code('BAD_BOOKMARK'));
    await expect(attempt('%')).rejects.toEqual(code('BAD_BOOKMARK'));
  });

  it('are not for administrators', async () => {
    const ledger = await readyLedger();
    await expect(
      ledger.call(administratorOf(NORTH), 'authorisation:ListByPerson', { personId: maria }),
    ).rejects.toEqual(code('ROLE_NOT_PERMITTED'));
  });
});
