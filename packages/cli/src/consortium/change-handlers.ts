import { KINDS, type OrganisationKind } from '@healthchain/core';
import { ContractError, type HealthClient } from '@healthchain/contracts';
import { CliError } from '../error.ts';
import type { ControlHandler } from '../control/server.ts';
import { administrators } from './administrators.ts';
import { HEALTH_CONTRACT } from './definition.ts';
import { isCustodian, type AdministratorOf, type Circle } from './found.ts';
import { optionalString, optionalTexts, text } from './params.ts';
import {
  membersOf,
  organisationOf,
  writeState,
  type ConsortiumState,
  type OrganisationState,
} from './state.ts';
import type { Consortium } from './up.ts';

type Params = Readonly<Record<string, unknown>>;
type Blocks = Readonly<Record<string, number>>;

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
const CIRCLE_NAMES = ['care', 'consortium'] as const;

/** What changes a running consortium, on the ledger and, for members, in the contract; each by the required majority. */
export function changeHandlers(
  consortium: Consortium,
  data: string,
): Readonly<Record<string, ControlHandler>> {
  const { state, engine } = consortium;
  const request = (params: Params) => ({
    mspId: organisationOf(state, text(params, 'organisation')).mspId,
    ...circles(params),
    ...signers(state, params),
  });
  return {
    'org.add': (params, progress) => addOrganisation(consortium, data, params, progress),
    'org.remove': (params) => removeOrganisation(consortium, data, params),
    'authority.add': async (params) => blocksOf(await engine.addAuthority(request(params))),
    'authority.remove': async (params) => blocksOf(await engine.removeAuthority(request(params))),
    'contract.upgrade': (params) => upgradeContract(consortium, params),
  };
}

interface Change {
  readonly mspId: string;
  readonly blocks: Blocks;
}

/** Run again, it goes on where it stopped. */
async function addOrganisation(
  { state, engine }: Consortium,
  data: string,
  params: Params,
  progress: (line: string) => void,
): Promise<Change & { readonly port: number }> {
  const organisation = newOrganisation(state, params);
  const { name, mspId } = organisation;
  const channels = CIRCLE_NAMES.filter((circle) => circle === 'consortium' || organisation.circle === 'care');
  const { signedBy } = signers(state, params);
  progress('keys, configuration and peer');
  const changed = await engine.addOrganisation({
    name,
    mspId,
    domain: `${name}.test`,
    channels,
    ...(signedBy === undefined ? {} : { signedBy }),
  });
  if (!state.organisations.some((known) => known.mspId === mspId)) state.organisations.push(organisation);
  writeState(data, state);
  const administratorOf = await administrators(data, state, engine);
  for (const circle of channels) {
    progress(`membership on ${circle}`);
    const voters = votersOf(state, circle, { mspId, signedBy });
    const admitted = { mspId, name: organisation.title, kind: organisation.kind };
    await decide(administratorOf, circle, { kind: 'admit', organisation: admitted }, voters);
  }
  return { mspId, port: organisation.port, blocks: blocksOf(changed) };
}

async function removeOrganisation(
  { state, engine }: Consortium,
  data: string,
  params: Params,
): Promise<Change> {
  const organisation = organisationOf(state, text(params, 'organisation'));
  const { mspId } = organisation;
  const administratorOf = await administrators(data, state, engine);
  const { signedBy } = signers(state, params);
  const own = CIRCLE_NAMES.filter((circle) => membersOf(state, circle).includes(mspId));
  const voters = (circle: Circle) => votersOf(state, circle, { mspId, signedBy });
  for (const circle of own) {
    const [voter] = voters(circle);
    if (voter !== undefined && (await isCustodian(administratorOf(voter, circle), mspId)))
      throw new CliError('REFUSED', `${mspId} is a custodian of ${circle}: shares of records lie with it`);
  }
  for (const circle of own) await decide(administratorOf, circle, { kind: 'suspend', mspId }, voters(circle));
  const changed = await engine.removeOrganisation({ mspId, ...(signedBy === undefined ? {} : { signedBy }) });
  state.organisations.splice(state.organisations.indexOf(organisation), 1);
  writeState(data, state);
  return { mspId, blocks: blocksOf(changed) };
}

async function upgradeContract({ state, engine }: Consortium, params: Params): Promise<unknown> {
  const { channels = CIRCLE_NAMES } = circles(params);
  const approvedBy = optionalTexts(params, 'signedBy')?.map((name) => organisationOf(state, name).mspId);
  const endorsement = optionalString(params, 'policy');
  const reports: unknown[] = [];
  for (const channel of channels) {
    const report = await engine.upgradeContract({
      channel,
      contract: HEALTH_CONTRACT,
      version: text(params, 'version'),
      ...(endorsement === undefined ? {} : { endorsement }),
      ...(approvedBy === undefined ? {} : { approvedBy }),
    });
    reports.push({ channel, ...report });
  }
  return reports;
}

/** Whose administrators decide on a circle about an organisation: those who sign, of the members that it is not about. */
function votersOf(
  state: ConsortiumState,
  circle: Circle,
  { mspId, signedBy }: { readonly mspId: string; readonly signedBy: readonly string[] | undefined },
): string[] {
  return membersOf(state, circle).filter(
    (member) => member !== mspId && (signedBy?.includes(member) ?? true),
  );
}

type MembershipChange =
  | {
      readonly kind: 'admit';
      readonly organisation: {
        readonly mspId: string;
        readonly name: string;
        readonly kind: OrganisationKind;
      };
    }
  | { readonly kind: 'suspend'; readonly mspId: string };

/** The contract's own membership, by a majority of its members' administrators. */
async function decide(
  administratorOf: AdministratorOf,
  circle: Circle,
  change: MembershipChange,
  voters: readonly string[],
): Promise<void> {
  const mspId = change.kind === 'admit' ? change.organisation.mspId : change.mspId;
  const [first, ...others] = voters.map((voter) => administratorOf(voter, circle));
  if (first === undefined) throw new CliError('USAGE', 'Nobody signs');
  const status = await statusOf(first, mspId);
  if ((status === 'active') === (change.kind !== 'suspend')) return;
  let { result: proposal } = await first.membership.propose({
    change: status === 'suspended' ? { kind: 'reinstate', mspId } : change,
  });
  for (const other of others) {
    if (proposal.state === 'done') return;
    ({ result: proposal } = await other.membership.approve({ proposalId: proposal.proposalId }));
  }
  if (proposal.state === 'done') return;
  const { approvals, needed } = proposal;
  throw new CliError(
    'REFUSED',
    `${approvals.length} of ${needed} administrators needed on ${circle} agree to ${change.kind} ${mspId} in the contract`,
  );
}

async function statusOf(
  { membership }: HealthClient,
  mspId: string,
): Promise<'active' | 'suspended' | undefined> {
  try {
    return (await membership.getOrganisation({ mspId })).status;
  } catch (error) {
    if (error instanceof ContractError && error.code === 'ORGANISATION_UNKNOWN') return undefined;
    throw error;
  }
}

function newOrganisation(state: ConsortiumState, params: Params): OrganisationState {
  const name = text(params, 'organisation');
  const known = state.organisations.find((organisation) => organisation.name === name);
  if (known !== undefined) return known;
  const kind = text(params, 'kind') as OrganisationKind;
  if (!NAME.test(name)) throw new CliError('USAGE', `${name} is no name of an organisation: a-z, 0-9, -`);
  if (!KINDS.includes(kind)) throw new CliError('USAGE', `--kind is one of ${KINDS.join(', ')}`);
  return {
    name,
    title: optionalString(params, 'title') ?? name,
    mspId: `${name.charAt(0).toUpperCase()}${name.slice(1)}MSP`,
    kind,
    port: Math.max(...state.organisations.map(({ port }) => port)) + 1,
    custodyPort: Math.max(...state.organisations.map(({ custodyPort }) => custodyPort)) + 1,
    circle: kind === 'insurer' ? 'consortium' : 'care',
  };
}

function circles(params: Params): { readonly channels?: readonly string[] } {
  const channels = optionalTexts(params, 'channels');
  const other = channels?.find((name) => CIRCLE_NAMES.every((circle) => circle !== name));
  if (other !== undefined) throw new CliError('USAGE', `There is no channel ${other}`);
  return channels === undefined ? {} : { channels };
}

function signers(state: ConsortiumState, params: Params): { readonly signedBy?: readonly string[] } {
  const names = optionalTexts(params, 'signedBy');
  return names === undefined ? {} : { signedBy: names.map((name) => organisationOf(state, name).mspId) };
}

function blocksOf(changed: readonly { readonly channel: string; readonly blockNumber: number }[]): Blocks {
  return Object.fromEntries(changed.map(({ channel, blockNumber }) => [channel, blockNumber]));
}
