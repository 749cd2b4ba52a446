import { MerkleTree, ROLES_OF_KIND, leafHash, sha256, toHex, utf8, type Role } from '@healthchain/core';
import type { ArgumentOf, FunctionName } from '../registry.ts';
import type { Signer } from '../state/rows.ts';
import {
  ACME,
  AUTHORITY,
  CUSTODIANS,
  NORTH,
  ORGANISATIONS,
  SOUTH,
  administratorOf,
  grantOf,
  intakeKeyOf,
  maria,
  mariaUser,
  northDoctor,
  put,
  register,
  serverOf,
  writeOf,
} from './cast.ts';
import { idOf, recordIdOf, userOf, type CastLedger } from './ledger.ts';

/** The column of expectations/functions.csv that is no role. */
export const SERVER_OF_AUTHORITY = 'server of authority';

/** The caller that a column of expectations/functions.csv stands for. */
export function signerOf(column: string): Signer {
  if (column === SERVER_OF_AUTHORITY) return serverOf(AUTHORITY);
  const role = column as Role;
  if (role === 'patient') return mariaUser;
  if (role === 'claims-auditor') return userOf(ACME, role);
  return userOf(ROLES_OF_KIND.hospital.includes(role) ? NORTH : AUTHORITY, role);
}

/** Where situations arise: each may get a ledger of its own, or all one. */
interface Ledgers {
  readonly ready: () => Promise<CastLedger>;
  readonly unfounded: () => Promise<CastLedger>;
}

/** A correct call of a function on a ledger that was made ready for it. */
export interface Prepared<Name extends FunctionName> {
  readonly ledger: CastLedger;
  readonly argument: (caller: Signer) => ArgumentOf<Name>;
  readonly transient?: (caller: Signer) => Record<string, Uint8Array>;
}

type Situations = {
  readonly [Name in FunctionName]: (ledgers: Ledgers, name: FunctionName) => Promise<Prepared<Name>>;
};

const founding = { organisations: [...ORGANISATIONS] };
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

/** What stands for a situation is named after its function, so that all of them fit onto one ledger, in the order of the table. */
const recordOf = (name: FunctionName): string => `the record of ${name}`;
const grantIdOf = (name: FunctionName): string => name.replace(':', '-');
const newcomerOf = (name: FunctionName): string => idOf(`a person of ${name}`);

function admission(name: FunctionName): ArgumentOf<'membership:Propose'> {
  const mspId = `${name.replace(':', '')}MSP`;
  return { change: { kind: 'admit', organisation: { mspId, name: mspId, kind: 'hospital' } } };
}

interface Constant<Argument> {
  readonly ledger: CastLedger;
  readonly argument: () => Argument;
}
type Situation<Argument> = (ledgers: Ledgers, name: FunctionName) => Promise<Constant<Argument>>;

function ready<Argument>(
  argument: (name: FunctionName, ledger: CastLedger) => Argument,
): Situation<Argument> {
  return async (ledgers, name) => {
    const ledger = await ledgers.ready();
    return { ledger, argument: () => argument(name, ledger) };
  };
}

/** A ledger on which something happened before, which the argument names. */
function after<Before, Argument>(
  happen: (ledger: CastLedger, name: FunctionName) => Promise<Before>,
  argument: (name: FunctionName, before: Before) => Argument,
): Situation<Argument> {
  return async (ledgers, name) => {
    const ledger = await ledgers.ready();
    const before = await happen(ledger, name);
    return { ledger, argument: () => argument(name, before) };
  };
}

const withRecord = async (ledger: CastLedger, name: FunctionName): Promise<string> =>
  (await put(ledger, northDoctor, { id: recordOf(name) })).transactionId;

const withGrant = async (ledger: CastLedger, name: FunctionName): Promise<unknown> =>
  ledger.call(mariaUser, 'authorisation:Grant', grantOf(ledger, grantIdOf(name)));

async function openSecondKey(ledger: CastLedger, mspId: string): Promise<void> {
  const { keys } = await ledger.call(serverOf(mspId), 'custody:GetIntakeKeys', { mspId });
  if (keys.length === 1)
    await ledger.call(serverOf(mspId), 'custody:OpenIntakeKey', intakeKeyOf(ledger, mspId, 2));
}

const withEmergency = async (ledger: CastLedger): Promise<string> =>
  (await ledger.call(northDoctor, 'custody:OpenEmergency', { personId: maria, reason: 'BTG' })).emergencyId;

const withProposal = async (ledger: CastLedger, name: FunctionName): Promise<string> =>
  (await ledger.call(administratorOf(SOUTH), 'membership:Propose', admission(name))).proposalId;

async function withDirectory(ledger: CastLedger, name: FunctionName): Promise<void> {
  const recordId = recordIdOf(recordOf(name));
  const text = utf8(JSON.stringify({ resourceType: 'Organization', id: recordId }));
  const operation = {
    kind: 'directory',
    type: 'Organization',
    recordId,
    version: 1,
    identifiers: [`s|${name}`],
    resourceHash: toHex(sha256(text)),
  } as const;
  const write = { operations: [operation], epoch: 0, dealing: 'author', sealed: [] } as const;
  const argument = { ...write, operations: [{ ...operation, identifiers: [`s|${name}`] }], sealed: [] };
  await ledger.call(northDoctor, 'records:Write', argument, { transient: { 'directory/0': text } });
}

const twoPersons = (name: FunctionName): ArgumentOf<'persons:Merge'> => ({
  fromPersonId: newcomerOf(name),
  intoPersonId: idOf(`another person of ${name}`),
});

const withTwoPersons = async (ledger: CastLedger, name: FunctionName): Promise<void> => {
  const { fromPersonId, intoPersonId } = twoPersons(name);
  await register(ledger, fromPersonId);
  await register(ledger, intoPersonId);
};

const withMerge =
  (steps: 1 | 2) =>
  async (ledger: CastLedger, name: FunctionName): Promise<string> => {
    await withTwoPersons(ledger, name);
    const { mergeId } = await ledger.call(userOf(NORTH, 'clerk', '1'), 'persons:Merge', twoPersons(name));
    if (steps === 2) await ledger.call(userOf(NORTH, 'clerk', '2'), 'persons:ConfirmMerge', { mergeId });
    return mergeId;
  };

const tree = new MerkleTree();
tree.append(leafHash(utf8('an entry')));
const checkpoint = { size: 1, root: toHex(tree.root()), mapRoot: '00'.repeat(32), consistency: [] };
const nextEpoch = { epoch: 2, custodians: [{ mspId: NORTH, index: 1 }] };
const entry = (name: FunctionName) => ({ type: 'Organization', recordId: recordIdOf(recordOf(name)) });

/** One situation for each function: a correct argument for who may call it. */
export const situations: Situations = {
  'membership:Found': async ({ unfounded }) => ({ ledger: await unfounded(), argument: () => founding }),
  'membership:ConfirmFounding': async ({ unfounded }) => {
    const ledger = await unfounded();
    await ledger.call(administratorOf(SOUTH), 'membership:Found', founding);
    return { ledger, argument: () => founding };
  },
  'membership:Propose': ready((name) => admission(name)),
  'membership:Approve': after(withProposal, (_, proposalId) => ({ proposalId })),
  'membership:GetProposal': after(withProposal, (_, proposalId) => ({ proposalId })),
  'membership:Suspend': ready(() => ({ userId: idOf('somebody') })),
  'membership:Reinstate': ready(() => ({ userId: idOf('somebody') })),
  'membership:GetOrganisation': ready(() => ({ mspId: SOUTH })),
  'membership:ListOrganisations': ready(() => ({})),
  'persons:Register': ready((name) => ({ personId: newcomerOf(name) })),
  'persons:BindKey': ready(() => ({ personId: maria, userId: idOf('a second key') })),
  'persons:Merge': after(withTwoPersons, (name) => twoPersons(name)),
  'persons:ConfirmMerge': after(withMerge(1), (_, mergeId) => ({ mergeId })),
  'persons:Unmerge': after(withMerge(2), (_, mergeId) => ({ mergeId })),
  'persons:Get': ready(() => ({ personId: maria })),
  'persons:Resolve': ready(() => ({ personId: maria })),
  'authorisation:Grant': ready((name, ledger) => grantOf(ledger, grantIdOf(name))),
  'authorisation:Revoke': after(withGrant, (name) => ({ grantId: grantIdOf(name) })),
  'authorisation:Get': after(withGrant, (name) => ({ grantId: grantIdOf(name) })),
  'authorisation:ListByPerson': after(withGrant, () => ({ personId: maria })),
  'authorisation:ListByGrantee': after(withGrant, () => ({
    grantee: { kind: 'organisation', mspId: SOUTH },
  })),
  'authorisation:Decide': ready(() => question),
  'records:Write': async (ledgers, name) => {
    const ledger = await ledgers.ready();
    const written = (caller: Signer) => writeOf(ledger, caller, [{ id: recordOf(name) }]);
    return {
      ledger,
      argument: (caller) => written(caller).argument,
      transient: (caller) => written(caller).transient,
    };
  },
  'records:Get': after(withRecord, (name) => ({ recordId: recordIdOf(recordOf(name)) })),
  'records:Body': after(withRecord, (name) => ({ recordId: recordIdOf(recordOf(name)), version: 1 })),
  'records:Sealed': after(withRecord, (_, transactionId) => ({ transactionId })),
  'records:History': after(withRecord, (name) => ({ recordId: recordIdOf(recordOf(name)) })),
  'records:ListByPerson': after(withRecord, () => ({ personId: maria })),
  'records:ListByCategory': after(withRecord, () => ({ category: 'laboratory' })),
  'records:GetDirectory': after(withDirectory, (name) => entry(name)),
  'records:ListDirectory': after(withDirectory, (name) => ({ type: entry(name).type })),
  'records:FindDirectory': after(withDirectory, (name) => ({
    type: entry(name).type,
    identifier: `s|${name}`,
  })),
  'custody:ProposeEpoch': ready(() => nextEpoch),
  'custody:ApproveEpoch': after(
    (ledger) => ledger.call(administratorOf(SOUTH), 'custody:ProposeEpoch', nextEpoch),
    () => ({ epoch: 2 }),
  ),
  'custody:GetEpoch': ready(() => ({})),
  'custody:ListEpochProposals': ready(() => ({ epoch: 2 })),
  'custody:OpenIntakeKey': async (ledgers) => {
    const ledger = await ledgers.ready();
    return { ledger, argument: ({ mspId }) => intakeKeyOf(ledger, mspId, 2) };
  },
  'custody:CloseIntakeKey': async (ledgers) => {
    const ledger = await ledgers.ready();
    for (const mspId of CUSTODIANS) await openSecondKey(ledger, mspId);
    const keyIdOf = (mspId: string): string => intakeKeyOf(ledger, mspId, 1).keyId;
    return { ledger, argument: ({ mspId }) => ({ state: 'closing', keyId: keyIdOf(mspId), height: 3 }) };
  },
  'custody:GetIntakeKeys': ready(() => ({})),
  'custody:Checkpoint': ready(() => checkpoint),
  'custody:GetCheckpoint': after(
    (ledger) => ledger.call(serverOf(NORTH), 'custody:Checkpoint', checkpoint),
    () => ({ mspId: NORTH }),
  ),
  'custody:OpenEmergency': ready(() => ({ personId: maria, reason: 'BTG' })),
  'custody:ReviewEmergency': after(withEmergency, (_, emergencyId) => ({ emergencyId, outcome: 'accepted' })),
  'custody:GetEmergency': after(withEmergency, (_, emergencyId) => ({ emergencyId })),
  'custody:ListEmergencies': after(withEmergency, () => ({ personId: maria })),
};
