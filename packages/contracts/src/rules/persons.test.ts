import { describe, expect, it } from 'vitest';
import {
  AUTHORITY,
  NORTH,
  SOUTH,
  grantOf,
  maria,
  mariaUser,
  northDoctor,
  put,
  readyLedger,
  register,
  serverOf,
  southDoctor,
} from '../testing/cast.ts';
import { idOf, userOf, type MemoryLedger } from '../testing/ledger.ts';
import type { AccessItem } from '../gate/question.ts';
import type { Signer } from '../state/rows.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const duplicate = idOf('Maria at South');
const clerk = (mspId: string, name = '') => userOf(mspId, 'clerk', name);

async function decide(
  ledger: MemoryLedger,
  subject: Signer,
  person: string,
  parts: Partial<AccessItem> = {},
) {
  const item: AccessItem = {
    persons: [person],
    author: { mspId: NORTH, userId: idOf('an author') },
    categories: ['laboratory'],
    confidentiality: 'N',
    sensitivities: [],
    ...parts,
  };
  const purpose = subject.role === 'patient' ? 'PATRQT' : 'TREAT';
  const question = { subject, purpose, right: 'read', items: [item] } as const;
  const { decisions } = await ledger.call(serverOf(NORTH), 'authorisation:Decide', {
    ...question,
    items: [item],
  });
  return decisions[0]?.code;
}

async function withDuplicate(): Promise<MemoryLedger> {
  const ledger = await readyLedger();
  await register(ledger, duplicate);
  return ledger;
}

async function merged(ledger: MemoryLedger): Promise<string> {
  const { mergeId } = await ledger.call(clerk(NORTH), 'persons:Merge', {
    fromPersonId: duplicate,
    intoPersonId: maria,
  });
  await ledger.call(clerk(NORTH, 'second'), 'persons:ConfirmMerge', { mergeId });
  return mergeId;
}

describe('registration and keys', () => {
  it('registers once, relates each organisation that registers', async () => {
    const ledger = await readyLedger();
    const again = await ledger.call(serverOf(SOUTH), 'persons:Register', { personId: maria });
    expect(again.created).toBe(false);
    expect(await ledger.call(serverOf(SOUTH), 'persons:Get', { personId: maria })).toMatchObject({
      registeredBy: NORTH,
    });
    await put(ledger, southDoctor, { id: 's' });
  });

  it('binds a key to one person, by the authority’s server', async () => {
    const ledger = await withDuplicate();
    const bind = (mspId: string, personId: string) =>
      ledger.call(serverOf(mspId), 'persons:BindKey', { personId, userId: mariaUser.userId });
    await expect(bind(NORTH, maria)).rejects.toEqual(code('KIND_NOT_PERMITTED'));
    await expect(bind(AUTHORITY, duplicate)).rejects.toEqual(code('KEY_BOUND_ELSEWHERE'));
    await expect(bind(AUTHORITY, idOf('nobody'))).rejects.toEqual(code('PERSON_UNKNOWN'));
    await bind(AUTHORITY, maria);
    expect(await ledger.call(mariaUser, 'persons:Get', mariaOf())).toMatchObject({ personId: maria });
  });

  it('shows a patient the own person only', async () => {
    const ledger = await withDuplicate();
    await expect(ledger.call(mariaUser, 'persons:Get', { personId: duplicate })).rejects.toEqual(
      code('NOT_THE_PATIENT'),
    );
    await expect(ledger.call(mariaUser, 'records:ListByPerson', { personId: duplicate })).rejects.toEqual(
      code('NOT_THE_PATIENT'),
    );
  });

  function mariaOf() {
    return { mspId: AUTHORITY, userId: mariaUser.userId };
  }
});

describe('merging', () => {
  it('takes two clerks of organisations with a relation to both', async () => {
    const ledger = await withDuplicate();
    const merge = { fromPersonId: duplicate, intoPersonId: maria };
    await expect(ledger.call(clerk(SOUTH), 'persons:Merge', merge)).rejects.toEqual(code('NO_RELATION'));
    await expect(
      ledger.call(clerk(NORTH), 'persons:Merge', { ...merge, intoPersonId: idOf('nobody') }),
    ).rejects.toEqual(code('PERSON_UNKNOWN'));
    const { mergeId } = await ledger.call(clerk(NORTH), 'persons:Merge', merge);
    await expect(ledger.call(clerk(NORTH), 'persons:ConfirmMerge', { mergeId })).rejects.toEqual(
      code('SAME_CLERK'),
    );
    await expect(ledger.call(clerk(SOUTH), 'persons:ConfirmMerge', { mergeId })).rejects.toEqual(
      code('NO_RELATION'),
    );
    expect(await resolve(ledger)).toEqual([duplicate]);
    await ledger.call(clerk(NORTH, 'second'), 'persons:ConfirmMerge', { mergeId });
    expect(await resolve(ledger)).toEqual([maria, duplicate].sort());
    await expect(ledger.call(clerk(NORTH), 'persons:Merge', merge)).rejects.toEqual(
      code('MERGE_NOT_POSSIBLE'),
    );
  });

  it('takes a clerk of each hospital that registered one of the two', async () => {
    const ledger = await readyLedger();
    await register(ledger, duplicate, undefined, SOUTH);
    for (const [person, mspId] of [
      [duplicate, NORTH],
      [maria, SOUTH],
    ] as const) {
      await ledger.call(serverOf(mspId), 'persons:Register', { personId: person });
    }
    const merge = { fromPersonId: duplicate, intoPersonId: maria };
    const { mergeId } = await ledger.call(clerk(NORTH), 'persons:Merge', merge);
    await expect(ledger.call(clerk(NORTH, 'second'), 'persons:ConfirmMerge', { mergeId })).rejects.toEqual(
      code('REGISTRAR_MISSING'),
    );
    expect(await decide(ledger, mariaUser, duplicate)).toBe('NOT_GRANTED');
    await ledger.call(clerk(SOUTH), 'persons:ConfirmMerge', { mergeId });
    expect(await decide(ledger, mariaUser, duplicate)).toBe('PATIENT');
  });

  it('needs no clerk of an authority, which has none', async () => {
    const ledger = await readyLedger();
    await register(ledger, duplicate, undefined, AUTHORITY);
    await ledger.call(serverOf(NORTH), 'persons:Register', { personId: duplicate });
    await merged(ledger);
    expect(await decide(ledger, mariaUser, duplicate)).toBe('PATIENT');
  });

  it('joins groups only by the persons that stand for them', async () => {
    const ledger = await withDuplicate();
    const third = idOf('a third id');
    await register(ledger, third);
    await merged(ledger);
    const propose = (fromPersonId: string, intoPersonId: string) =>
      ledger.call(clerk(NORTH), 'persons:Merge', { fromPersonId, intoPersonId });
    await expect(propose(third, duplicate)).rejects.toEqual(code('MERGE_NOT_POSSIBLE'));
    await expect(propose(duplicate, third)).rejects.toEqual(code('MERGE_NOT_POSSIBLE'));
    const { mergeId } = await propose(maria, third);
    await ledger.call(clerk(NORTH, 'second'), 'persons:ConfirmMerge', { mergeId });
    expect(await ledger.call(serverOf(NORTH), 'persons:Resolve', { personId: duplicate })).toEqual({
      personId: third,
      persons: [maria, duplicate, third].sort(),
    });
  });

  it('gives the patient both, and takes it back with the un-merge', async () => {
    const ledger = await withDuplicate();
    expect(await decide(ledger, mariaUser, duplicate)).toBe('NOT_GRANTED');
    const mergeId = await merged(ledger);
    expect(await decide(ledger, mariaUser, duplicate)).toBe('PATIENT');
    const first = await ledger.call(clerk(NORTH), 'persons:Unmerge', { mergeId });
    expect(first.state).toBe('unmerging');
    expect(await decide(ledger, mariaUser, duplicate)).toBe('PATIENT');
    await expect(ledger.call(clerk(NORTH), 'persons:Unmerge', { mergeId })).rejects.toEqual(
      code('SAME_CLERK'),
    );
    await ledger.call(clerk(NORTH, 'second'), 'persons:Unmerge', { mergeId });
    expect(await decide(ledger, mariaUser, duplicate)).toBe('NOT_GRANTED');
    await expect(ledger.call(clerk(NORTH), 'persons:Unmerge', { mergeId })).rejects.toEqual(
      code('MERGE_NOT_POSSIBLE'),
    );
  });

  it('a grant on one opens nothing of the other; made after the merge, it opens both', async () => {
    const ledger = await withDuplicate();
    await ledger.call(mariaUser, 'authorisation:Grant', grantOf(ledger, 'before'));
    await merged(ledger);
    expect(await decide(ledger, southDoctor, maria)).toBe('GRANT');
    expect(await decide(ledger, southDoctor, duplicate)).toBe('NOT_GRANTED');
    ledger.now = '2026-03-01T11:00:00.000Z';
    await ledger.call(mariaUser, 'authorisation:Grant', grantOf(ledger, 'after'));
    expect(await decide(ledger, southDoctor, duplicate)).toBe('GRANT');
  });

  it('what is delegated after the merge of a grant before it opens nothing of the other', async () => {
    const ledger = await withDuplicate();
    const before = grantOf(ledger, 'before', { rights: ['read', 'authorise'] });
    await ledger.call(mariaUser, 'authorisation:Grant', before);
    await merged(ledger);
    ledger.now = '2026-03-01T11:00:00.000Z';
    const child = { ...before, grantId: 'child', rights: ['read' as const], parent: 'before' };
    await ledger.call(southDoctor, 'authorisation:Grant', child);
    expect(await decide(ledger, southDoctor, maria)).toBe('GRANT');
    expect(await decide(ledger, southDoctor, duplicate)).toBe('NOT_GRANTED');
  });

  it.each(['permit', 'deny'] as const)(
    'a %s that one person’s key signed about the other ends with the un-merge',
    async (effect) => {
      const ledger = await withDuplicate();
      const mergeId = await merged(ledger);
      ledger.now = '2026-03-01T11:00:00.000Z';
      const rights = effect === 'permit' ? (['read', 'authorise'] as const) : (['read'] as const);
      const grant = grantOf(ledger, 'other', { personId: duplicate, effect, rights: [...rights] });
      await ledger.call(mariaUser, 'authorisation:Grant', grant);
      const during = effect === 'permit' ? 'GRANT' : 'DENIED_BY_PATIENT';
      expect(await decide(ledger, southDoctor, duplicate)).toBe(during);
      await ledger.call(clerk(NORTH), 'persons:Unmerge', { mergeId });
      await ledger.call(clerk(NORTH, 'second'), 'persons:Unmerge', { mergeId });
      expect(await decide(ledger, southDoctor, duplicate)).toBe('NOT_GRANTED');
      const { inForce } = await ledger.call(serverOf(NORTH), 'authorisation:Get', { grantId: 'other' });
      expect(inForce).toBe(false);
      const child = { ...grant, grantId: 'child', effect: 'permit' as const, parent: 'other' };
      await expect(ledger.call(southDoctor, 'authorisation:Grant', child)).rejects.toEqual(
        code('PARENT_NOT_VALID'),
      );
    },
  );

  it('the stricter of both persons’ grants holds', async () => {
    const ledger = await withDuplicate();
    const duplicateUser = userOf(AUTHORITY, 'patient', 'duplicate');
    await register(ledger, duplicate, duplicateUser);
    await ledger.call(mariaUser, 'authorisation:Grant', grantOf(ledger, 'all'));
    await ledger.call(
      duplicateUser,
      'authorisation:Grant',
      grantOf(ledger, 'laboratory', { personId: duplicate, categories: ['laboratory'] }),
    );
    expect(await decide(ledger, southDoctor, maria, { categories: ['problems'] })).toBe('GRANT');
    ledger.now = '2026-03-01T11:00:00.000Z';
    await merged(ledger);
    for (const person of [maria, duplicate]) {
      expect(await decide(ledger, southDoctor, person, { categories: ['problems'] })).toBe('NOT_GRANTED');
      expect(await decide(ledger, southDoctor, person)).toBe('GRANT');
    }
    await ledger.call(mariaUser, 'authorisation:Grant', grantOf(ledger, 'no', { effect: 'deny' }));
    expect(await decide(ledger, southDoctor, duplicate)).toBe('DENIED_BY_PATIENT');
  });

  it('a deny of writing about one binds writes about the other', async () => {
    const ledger = await withDuplicate();
    const deny = grantOf(ledger, 'no', {
      effect: 'deny',
      rights: ['write'],
      grantee: { kind: 'organisation', mspId: NORTH },
    });
    await ledger.call(mariaUser, 'authorisation:Grant', deny);
    await put(ledger, northDoctor, { id: 'before', persons: [duplicate] });
    await merged(ledger);
    await expect(put(ledger, northDoctor, { id: 'after', persons: [duplicate] })).rejects.toEqual(
      code('WRITE_REFUSED'),
    );
  });

  async function resolve(ledger: MemoryLedger): Promise<readonly string[]> {
    return (await ledger.call(serverOf(NORTH), 'persons:Resolve', { personId: duplicate })).persons;
  }
});
