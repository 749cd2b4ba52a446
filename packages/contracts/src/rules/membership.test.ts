import { describe, expect, it } from 'vitest';
import {
  ACME,
  AUTHORITY,
  NORTH,
  ORGANISATIONS,
  SOUTH,
  administratorOf,
  foundedLedger,
  northDoctor,
  put,
  readyLedger,
  serverOf,
} from '../testing/cast.ts';
import { MemoryLedger, idOf, userOf } from '../testing/ledger.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const founding = { organisations: [...ORGANISATIONS] };

describe('founding', () => {
  it('lets nothing else work until every organisation has confirmed the same list', async () => {
    const ledger = new MemoryLedger();
    const list = () => ledger.call(northDoctor, 'membership:ListOrganisations', {});
    await ledger.call(administratorOf(NORTH), 'membership:Found', founding);
    await ledger.call(administratorOf(SOUTH), 'membership:ConfirmFounding', founding);
    const state = await ledger.call(administratorOf(ACME), 'membership:ConfirmFounding', founding);
    expect(state).toEqual({ founded: false, confirmed: [ACME, NORTH, SOUTH], missing: [AUTHORITY] });
    await expect(list()).rejects.toEqual(code('NOT_FOUNDED'));
    await expect(ledger.call(serverOf(NORTH), 'persons:Register', { personId: idOf('x') })).rejects.toEqual(
      code('NOT_FOUNDED'),
    );
    const { result, stub } = await ledger.execute(administratorOf(AUTHORITY), 'membership:ConfirmFounding', {
      organisations: founding.organisations.toReversed(),
    });
    expect(result.founded).toBe(true);
    expect(stub.event?.name).toBe('Founded');
    expect((await list()).organisations.map((organisation) => organisation.mspId)).toEqual(
      ORGANISATIONS.map((organisation) => organisation.mspId).sort(),
    );
  });

  it('does not count a confirmation of another list', async () => {
    const ledger = new MemoryLedger();
    await ledger.call(administratorOf(NORTH), 'membership:Found', founding);
    const other = {
      organisations: founding.organisations.map((item) => ({ ...item, kind: 'hospital' as const })),
    };
    await expect(ledger.call(administratorOf(SOUTH), 'membership:ConfirmFounding', other)).rejects.toEqual(
      code('FOUNDING_UNKNOWN'),
    );
    await ledger.call(administratorOf(SOUTH), 'membership:Found', other);
    const state = await ledger.call(administratorOf(AUTHORITY), 'membership:ConfirmFounding', other);
    expect(state.confirmed).toEqual([AUTHORITY, SOUTH]);
  });

  it('is by administrators of the listed organisations, once each, and once for all', async () => {
    const ledger = new MemoryLedger();
    await expect(ledger.call(northDoctor, 'membership:Found', founding)).rejects.toEqual(
      code('ROLE_NOT_PERMITTED'),
    );
    await expect(ledger.call(administratorOf('OtherMSP'), 'membership:Found', founding)).rejects.toEqual(
      code('FOUNDING_WITHOUT_OWN'),
    );
    await ledger.call(administratorOf(NORTH), 'membership:Found', founding);
    await expect(
      ledger.call(userOf(NORTH, 'administrator', 'second'), 'membership:ConfirmFounding', founding),
    ).rejects.toEqual(code('ALREADY_APPROVED'));
    const founded = await foundedLedger();
    await expect(founded.call(administratorOf(NORTH), 'membership:Found', founding)).rejects.toEqual(
      code('ALREADY_FOUNDED'),
    );
  });
});

describe('changes of organisations', () => {
  const west = { mspId: 'WestMSP', name: 'West Hospital', kind: 'hospital' } as const;

  it('take effect with the majority of active organisations, one voice each', async () => {
    const ledger = await foundedLedger();
    const change = { kind: 'admit', organisation: west } as const;
    const { result } = await ledger.execute(administratorOf(NORTH), 'membership:Propose', { change });
    expect(result).toMatchObject({ state: 'open', approvals: [NORTH], needed: 3 });
    const { proposalId } = result;
    await expect(
      ledger.call(userOf(NORTH, 'administrator', 'second'), 'membership:Approve', { proposalId }),
    ).rejects.toEqual(code('ALREADY_APPROVED'));
    await ledger.call(administratorOf(SOUTH), 'membership:Approve', { proposalId });
    const query = { mspId: west.mspId };
    await expect(ledger.call(northDoctor, 'membership:GetOrganisation', query)).rejects.toEqual(
      code('ORGANISATION_UNKNOWN'),
    );
    const done = await ledger.call(administratorOf(ACME), 'membership:Approve', { proposalId });
    expect(done.state).toBe('done');
    expect(await ledger.call(northDoctor, 'membership:GetOrganisation', query)).toMatchObject({
      ...west,
      status: 'active',
    });
    await expect(
      ledger.call(administratorOf(AUTHORITY), 'membership:Approve', { proposalId }),
    ).rejects.toEqual(code('PROPOSAL_CLOSED'));
    expect(await ledger.call(administratorOf(west.mspId), 'membership:GetProposal', { proposalId })).toEqual(
      done,
    );
  });

  it('a suspended organisation does nothing and has no voice, until it is reinstated', async () => {
    const ledger = await foundedLedger();
    const decide = async (kind: 'suspend' | 'reinstate', voters: readonly string[]) => {
      const [first = '', ...others] = voters;
      const change = { kind, mspId: SOUTH };
      const { proposalId } = await ledger.call(administratorOf(first), 'membership:Propose', { change });
      const states = [];
      for (const mspId of others) {
        states.push(await ledger.call(administratorOf(mspId), 'membership:Approve', { proposalId }));
      }
      return states.at(-1);
    };
    await decide('suspend', [NORTH, AUTHORITY, ACME]);
    await expect(ledger.call(userOf(SOUTH, 'doctor'), 'membership:ListOrganisations', {})).rejects.toEqual(
      code('ORGANISATION_SUSPENDED'),
    );
    expect(await decide('reinstate', [NORTH, ACME])).toMatchObject({ state: 'done', needed: 2 });
    await ledger.call(userOf(SOUTH, 'doctor'), 'membership:ListOrganisations', {});
  });

  it('refuses what is not possible', async () => {
    const ledger = await foundedLedger();
    const propose = (change: Parameters<typeof ledger.call<'membership:Propose'>>[2]['change']) =>
      ledger.call(administratorOf(NORTH), 'membership:Propose', { change });
    const [north] = ORGANISATIONS;
    await expect(propose({ kind: 'admit', organisation: north })).rejects.toEqual(
      code('ORGANISATION_EXISTS'),
    );
    await expect(propose({ kind: 'suspend', mspId: 'WestMSP' })).rejects.toEqual(
      code('ORGANISATION_UNKNOWN'),
    );
    await expect(
      ledger.call(administratorOf(NORTH), 'membership:Approve', { proposalId: '0'.repeat(64) }),
    ).rejects.toEqual(code('PROPOSAL_UNKNOWN'));
  });
});

describe('suspension of users', () => {
  it('is by the own organisation’s administrator, and holds for everything', async () => {
    const ledger = await readyLedger();
    const { userId } = northDoctor;
    await ledger.call(administratorOf(SOUTH), 'membership:Suspend', { userId });
    await put(ledger, northDoctor, { id: 'a' });
    await ledger.call(administratorOf(NORTH), 'membership:Suspend', { userId });
    await expect(put(ledger, northDoctor, { id: 'b' })).rejects.toEqual(code('USER_SUSPENDED'));
    await ledger.call(administratorOf(NORTH), 'membership:Reinstate', { userId });
    await put(ledger, northDoctor, { id: 'b' });
  });
});
