import {
  MerkleTree,
  ROLES,
  ROLES_OF_KIND,
  leafHash,
  sha256,
  toHex,
  utf8,
  type Role,
} from '@healthchain/core';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../errors.ts';
import { FUNCTION_NAMES, type ArgumentOf, type FunctionName } from '../registry.ts';
import type { Signer } from '../state/rows.ts';
import {
  ACME,
  AUTHORITY,
  NORTH,
  ORGANISATIONS,
  SOUTH,
  administratorOf,
  grantOf,
  maria,
  mariaUser,
  northDoctor,
  put,
  readyLedger,
  register,
  serverOf,
  writeOf,
} from '../testing/cast.ts';
import { MemoryLedger, idOf, recordIdOf, userOf } from '../testing/ledger.ts';
import { readExpectations } from './csv.ts';

const SERVER_OF_AUTHORITY = 'server of authority';
const table = readExpectations('./functions.csv');

function signerOf(column: string): Signer {
  if (column === SERVER_OF_AUTHORITY) return serverOf(AUTHORITY);
  const role = column as Role;
  if (role === 'patient') return mariaUser;
  if (role === 'claims-auditor') return userOf(ACME, role);
  return userOf(ROLES_OF_KIND.hospital.includes(role) ? NORTH : AUTHORITY, role);
}

interface Prepared<Name extends FunctionName> {
  readonly ledger: MemoryLedger;
  readonly argument: (caller: Signer) => ArgumentOf<Name>;
  readonly transient?: (caller: Signer) => Record<string, Uint8Array>;
}
type Situations = { readonly [Name in FunctionName]: () => Promise<Prepared<Name>> };

const founding = { organisations: [...ORGANISATIONS] };
const duplicate = idOf('a duplicate');
const entry = { type: 'Organization', recordId: recordIdOf('o') };
const west = { kind: 'admit', organisation: { mspId: 'WestMSP', name: 'West', kind: 'hospital' } } as const;
const question: ArgumentOf<'authorisation:Decide'> = {
  subject: northDoctor,
  purpose: 'TREAT',
  right: 'read',
  items: [
    {
      persons: [maria],
      author: { mspId: NORTH, userId: northDoctor.userId },
      categories: ['laboratory'],
      confidentiality: 'N',
      sensitivities: [],
    },
  ],
};

async function ready<Name extends FunctionName>(argument: ArgumentOf<Name>): Promise<Prepared<Name>> {
  return { ledger: await readyLedger(), argument: () => argument };
}

async function withRecord<Name extends FunctionName>(argument: ArgumentOf<Name>): Promise<Prepared<Name>> {
  const ledger = await readyLedger();
  await put(ledger, northDoctor, { id: 'a' });
  return { ledger, argument: () => argument };
}

async function withDirectory<Name extends FunctionName>(argument: ArgumentOf<Name>): Promise<Prepared<Name>> {
  const ledger = await readyLedger();
  const text = utf8(JSON.stringify({ resourceType: entry.type, id: entry.recordId }));
  const operation = {
    kind: 'directory',
    ...entry,
    version: 1,
    identifiers: ['s|1'],
    resourceHash: toHex(sha256(text)),
  } as const;
  const write = { operations: [operation], epoch: 0, dealing: 'author', sealed: [] } as const;
  await ledger.call(
    northDoctor,
    'records:Write',
    { ...write, operations: [{ ...operation, identifiers: ['s|1'] }], sealed: [] },
    { transient: { 'directory/0': text } },
  );
  return { ledger, argument: () => argument };
}

async function withGrant<Name extends FunctionName>(argument: ArgumentOf<Name>): Promise<Prepared<Name>> {
  const ledger = await readyLedger();
  await ledger.call(mariaUser, 'authorisation:Grant', grantOf(ledger, 'g'));
  return { ledger, argument: () => argument };
}

async function withMerge<Name extends FunctionName>(
  steps: number,
  argument: (mergeId: string) => ArgumentOf<Name>,
): Promise<Prepared<Name>> {
  const ledger = await readyLedger();
  await register(ledger, duplicate);
  const clerk = (name: string) => userOf(NORTH, 'clerk', name);
  const persons = { fromPersonId: duplicate, intoPersonId: maria };
  const { mergeId } = await ledger.call(clerk('1'), 'persons:Merge', persons);
  if (steps > 1) await ledger.call(clerk('2'), 'persons:ConfirmMerge', { mergeId });
  return { ledger, argument: () => argument(mergeId) };
}

async function withEmergency<Name extends FunctionName>(
  argument: (emergencyId: string) => ArgumentOf<Name>,
): Promise<Prepared<Name>> {
  const ledger = await readyLedger();
  const opened = await ledger.call(northDoctor, 'custody:OpenEmergency', { personId: maria, reason: 'BTG' });
  return { ledger, argument: () => argument(opened.emergencyId) };
}

async function withProposal<Name extends FunctionName>(
  argument: (proposalId: string) => ArgumentOf<Name>,
): Promise<Prepared<Name>> {
  const ledger = await readyLedger();
  const { proposalId } = await ledger.call(administratorOf(SOUTH), 'membership:Propose', { change: west });
  return { ledger, argument: () => argument(proposalId) };
}

const tree = new MerkleTree();
tree.append(leafHash(utf8('an entry')));
const checkpoint = { size: 1, root: toHex(tree.root()), mapRoot: '00'.repeat(32), consistency: [] };
const nextEpoch = { epoch: 2, custodians: [{ mspId: NORTH, index: 1 }] };

const situations: Situations = {
  'membership:Found': async () => ({ ledger: new MemoryLedger(), argument: () => founding }),
  'membership:ConfirmFounding': async () => {
    const ledger = new MemoryLedger();
    await ledger.call(administratorOf(SOUTH), 'membership:Found', founding);
    return { ledger, argument: () => founding };
  },
  'membership:Propose': () => ready({ change: west }),
  'membership:Approve': () => withProposal((proposalId) => ({ proposalId })),
  'membership:GetProposal': () => withProposal((proposalId) => ({ proposalId })),
  'membership:Suspend': () => ready({ userId: idOf('somebody') }),
  'membership:Reinstate': () => ready({ userId: idOf('somebody') }),
  'membership:GetOrganisation': () => ready({ mspId: SOUTH }),
  'membership:ListOrganisations': () => ready({}),
  'persons:Register': () => ready({ personId: duplicate }),
  'persons:BindKey': () => ready({ personId: maria, userId: idOf('a second key') }),
  'persons:Merge': async () => {
    const ledger = await readyLedger();
    await register(ledger, duplicate);
    return { ledger, argument: () => ({ fromPersonId: duplicate, intoPersonId: maria }) };
  },
  'persons:ConfirmMerge': () => withMerge(1, (mergeId) => ({ mergeId })),
  'persons:Unmerge': () => withMerge(2, (mergeId) => ({ mergeId })),
  'persons:Get': () => ready({ personId: maria }),
  'persons:Resolve': () => ready({ personId: maria }),
  'authorisation:Grant': async () => {
    const ledger = await readyLedger();
    return { ledger, argument: () => grantOf(ledger, 'g') };
  },
  'authorisation:Revoke': () => withGrant({ grantId: 'g' }),
  'authorisation:Get': () => withGrant({ grantId: 'g' }),
  'authorisation:ListByPerson': () => withGrant({ personId: maria }),
  'authorisation:ListByGrantee': () => withGrant({ grantee: { kind: 'organisation', mspId: SOUTH } }),
  'authorisation:Decide': () => ready(question),
  'records:Write': async () => {
    const ledger = await readyLedger();
    return {
      ledger,
      argument: (caller) => writeOf(ledger, caller, [{ id: 'a' }]).argument,
      transient: (caller) => writeOf(ledger, caller, [{ id: 'a' }]).transient,
    };
  },
  'records:Get': () => withRecord({ recordId: recordIdOf('a') }),
  'records:Body': () => withRecord({ recordId: recordIdOf('a'), version: 1 }),
  'records:Sealed': async () => {
    const ledger = await readyLedger();
    const { transactionId } = await put(ledger, northDoctor, { id: 'a' });
    return { ledger, argument: () => ({ transactionId }) };
  },
  'records:History': () => withRecord({ recordId: recordIdOf('a') }),
  'records:ListByPerson': () => withRecord({ personId: maria }),
  'records:ListByCategory': () => withRecord({ category: 'laboratory' }),
  'records:GetDirectory': () => withDirectory(entry),
  'records:ListDirectory': () => withDirectory({ type: entry.type }),
  'records:FindDirectory': () => withDirectory({ type: entry.type, identifier: 's|1' }),
  'custody:ProposeEpoch': () => ready(nextEpoch),
  'custody:ApproveEpoch': async () => {
    const ledger = await readyLedger();
    await ledger.call(administratorOf(SOUTH), 'custody:ProposeEpoch', nextEpoch);
    return { ledger, argument: () => ({ epoch: 2 }) };
  },
  'custody:GetEpoch': () => ready({}),
  'custody:OpenIntakeKey': () => ready({ keyId: 'k2', publicKey: 'AAAA', suite: 1 }),
  'custody:CloseIntakeKey': () => ready({ state: 'closing', keyId: 'k1', height: 3 }),
  'custody:GetIntakeKeys': () => ready({}),
  'custody:Checkpoint': () => ready(checkpoint),
  'custody:GetCheckpoint': async () => {
    const ledger = await readyLedger();
    await ledger.call(serverOf(NORTH), 'custody:Checkpoint', checkpoint);
    return { ledger, argument: () => ({ mspId: NORTH }) };
  },
  'custody:OpenEmergency': () => ready({ personId: maria, reason: 'BTG' }),
  'custody:ReviewEmergency': () =>
    withEmergency((emergencyId) => ({ emergencyId, outcome: 'accepted' as const })),
  'custody:GetEmergency': () => withEmergency((emergencyId) => ({ emergencyId })),
  'custody:ListEmergencies': () => withEmergency(() => ({ personId: maria })),
};

async function outcome<Name extends FunctionName>(name: Name, prepared: Prepared<Name>, caller: Signer) {
  const transient = prepared.transient?.(caller);
  const options = transient === undefined ? { evaluate: true } : { evaluate: true, transient };
  try {
    await prepared.ledger.execute(caller, name, prepared.argument(caller), options);
    return 'ok';
  } catch (error) {
    if (!(error instanceof ContractError)) throw error;
    return error.code === 'ROLE_NOT_PERMITTED' ? '-' : error.code;
  }
}

async function outcomesOf(name: FunctionName, columns: readonly string[]) {
  const prepared = (await situations[name]()) as Prepared<FunctionName>;
  const outcomes: Record<string, string> = {};
  for (const column of columns) outcomes[column] = await outcome(name, prepared, signerOf(column));
  return outcomes;
}

describe('roles × functions', () => {
  it('the table names every function once and every role', () => {
    expect(table.map((row) => `${row['function']}`).sort()).toEqual([...FUNCTION_NAMES].sort());
    for (const row of table) {
      expect(Object.keys(row)).toEqual(['function', ...ROLES, SERVER_OF_AUTHORITY]);
    }
  });

  it.each(table.map((row) => [row['function'] as FunctionName, row] as const))('%s', async (name, row) => {
    const { function: _, ...expected } = row;
    expect(await outcomesOf(name, Object.keys(expected))).toEqual(expected);
  });

  it('a role of another kind of organisation is refused whatever it calls', async () => {
    const ledger = await readyLedger();
    for (const [mspId, role] of [
      [ACME, 'doctor'],
      [NORTH, 'patient'],
      [AUTHORITY, 'clerk'],
      [SOUTH, 'claims-auditor'],
    ] as const) {
      await expect(ledger.call(userOf(mspId, role), 'membership:ListOrganisations', {})).rejects.toEqual(
        expect.objectContaining({ code: 'ROLE_NOT_OF_ORGANISATION' }),
      );
    }
  });
});
