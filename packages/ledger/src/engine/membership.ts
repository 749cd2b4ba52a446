import { isMember, type ChannelConfig, type Consenter } from '../config/index.ts';
import { LedgerError } from '../error.ts';
import { quorumOf } from '../ordering/index.ts';
import type {
  ChangedChannels,
  ConfigChange,
  MembershipRequest,
  OrganisationRequest,
  SignedBy,
} from './control.ts';
import { checkOrganisation, type OrganisationDefinition } from './definition.ts';
import { keepOrganisation } from './kept-organisations.ts';
import { nodesOf, type NodeName } from './layout.ts';
import { configurationOf, consenterOf, makeKeys } from './material.ts';
import type { Network } from './network.ts';
import { joinChannel } from './nodes.ts';

/** With fewer authorities the first one that stops would end all writing. */
const MIN_AUTHORITIES = 3;

/** What a change of the consortium is made with. */
export interface ChangePorts {
  readonly network: Network;
  config(channelId: string): ChannelConfig | undefined;
  update(channelId: string, change: ConfigChange, signedBy?: SignedBy): Promise<{ blockNumber: number }>;
  isRunning(node: string): boolean;
  start(node: string): Promise<void>;
  stop(node: string): Promise<void>;
  /** Running orderers begin and end their parts as the newest configuration has it. */
  followConfig(channelId: string): Promise<void>;
  settled(channelId: string): Promise<void>;
  /** The organisation's administrator approves the channel's contracts as they are. */
  approveContracts(channelId: string, mspId: string): Promise<void>;
}

/** @throws LedgerError REFUSED, BAD_DEFINITION */
export async function addOrganisation(
  ports: ChangePorts,
  request: OrganisationRequest,
): Promise<ChangedChannels> {
  const organisation = await withKeys(ports.network, request);
  const { directory } = ports.network;
  const changed: { channel: string; blockNumber: number }[] = [];
  for (const channel of request.channels) {
    if (isMember(configOf(ports, channel), organisation.mspId)) continue;
    const described = configurationOf(directory, organisation);
    const change = { kind: 'addOrganisation', organisation: described } as const;
    changed.push({ channel, ...(await ports.update(channel, change, request.signedBy)) });
  }
  await keepOrganisation(directory, organisation);
  for (const peer of nodesOf(organisation).filter(({ kind }) => kind === 'peer')) {
    for (const channel of request.channels) await joinChannel(ports.network, peer, channel);
    if (ports.isRunning(peer.id)) await ports.stop(peer.id);
    await ports.start(peer.id);
  }
  for (const channel of request.channels) {
    await ports.settled(channel);
    await ports.approveContracts(channel, organisation.mspId);
  }
  return changed;
}

/** @throws LedgerError REFUSED */
export async function removeOrganisation(
  ports: ChangePorts,
  { mspId, channels, signedBy }: MembershipRequest,
): Promise<ChangedChannels> {
  const own = channelsWhere(ports, (config) => isMember(config, mspId));
  const changed: { channel: string; blockNumber: number }[] = [];
  for (const channel of chosen(channels, own, `${mspId} is no member`)) {
    if (configOf(ports, channel).ordererMspIds.includes(mspId))
      throw new LedgerError('REFUSED', `${mspId} is an authority of ${channel}: remove it as one first`);
    const { blockNumber } = await ports.update(channel, { kind: 'removeOrganisation', mspId }, signedBy);
    changed.push({ channel, blockNumber });
  }
  return changed;
}

/** @throws LedgerError REFUSED */
export async function addAuthority(
  ports: ChangePorts,
  { mspId, channels, signedBy }: MembershipRequest,
): Promise<ChangedChannels> {
  const { network } = ports;
  const others = channelsWhere(
    ports,
    (config) => isMember(config, mspId) && !config.ordererMspIds.includes(mspId),
  );
  const targets = chosen(channels, others, `${mspId} is an authority already, or no member`);
  const organisation = await withOrderer(network, network.organisation(mspId));
  const orderer = nodesOf(organisation).find(({ kind }) => kind === 'orderer') as NodeName;
  const changed: { channel: string; blockNumber: number }[] = [];
  for (const channel of targets) {
    const { consenters, ordererMspIds } = configOf(ports, channel);
    const id = Math.max(0, ...consenters.map((consenter) => consenter.id)) + 1;
    const change = {
      kind: 'authorities',
      consenters: [...consenters, consenterOf(network.directory, orderer, id)],
      ...(ordererMspIds.includes(mspId)
        ? {}
        : { organisation: configurationOf(network.directory, organisation) }),
    } as const;
    changed.push({ channel, ...(await ports.update(channel, change, signedBy)) });
  }
  await keepOrganisation(network.directory, organisation);
  await ports.start(orderer.id);
  for (const channel of targets) await ports.followConfig(channel);
  return changed;
}

/** @throws LedgerError REFUSED */
export async function removeAuthority(
  ports: ChangePorts,
  { mspId, channels, signedBy }: MembershipRequest,
): Promise<ChangedChannels> {
  const own = channelsWhere(ports, (config) => config.ordererMspIds.includes(mspId));
  const changed: { channel: string; blockNumber: number }[] = [];
  const targets = chosen(channels, own, `${mspId} is no authority`);
  const left = new Map(
    targets.map((channel) => [
      channel,
      configOf(ports, channel).consenters.filter((consenter) => consenter.mspId !== mspId),
    ]),
  );
  for (const [channel, consenters] of left) mustOrder(ports, channel, consenters);
  for (const [channel, consenters] of left) {
    const { blockNumber } = await ports.update(channel, { kind: 'authorities', consenters }, signedBy);
    changed.push({ channel, blockNumber });
  }
  for (const channel of targets) await ports.followConfig(channel);
  return changed;
}

/** @throws LedgerError REFUSED when these authorities would not write, or not after the next crash */
function mustOrder(ports: ChangePorts, channel: string, consenters: readonly Consenter[]): void {
  if (consenters.length < MIN_AUTHORITIES) {
    throw new LedgerError(
      'REFUSED',
      `${channel} would be left with ${consenters.length} authorities; it needs ${MIN_AUTHORITIES}, so that writing goes on when one of them stops`,
    );
  }
  const running = ports.network.nodes.filter(
    ({ id, host }) => ports.isRunning(id) && consenters.some((consenter) => consenter.host === host),
  );
  const quorum = quorumOf(consenters.length);
  if (running.length >= quorum) return;
  throw new LedgerError(
    'REFUSED',
    `Of the ${consenters.length} authorities that ${channel} would be left with, ${running.length} run; a block needs ${quorum}`,
  );
}

/** The organisation with all its keys on disk, whether an earlier attempt began them or not. */
async function withKeys(network: Network, request: OrganisationRequest): Promise<OrganisationDefinition> {
  const known = network.organisations.find(
    ({ mspId, name }) => mspId === request.mspId || name === request.name,
  );
  if (known !== undefined && (known.mspId !== request.mspId || known.name !== request.name))
    throw new LedgerError('BAD_DEFINITION', `${known.name} (${known.mspId}) is another organisation here`);
  const { name, mspId, domain } = request;
  const organisation = known ?? checkOrganisation({ name, mspId, domain, peers: 1, orderers: 0 });
  await makeKeys(network.directory, organisation, new Date());
  return organisation;
}

async function withOrderer(
  network: Network,
  organisation: OrganisationDefinition,
): Promise<OrganisationDefinition> {
  if (organisation.orderers > 0) return organisation;
  const grown = { ...organisation, orderers: 1 };
  await makeKeys(network.directory, grown, new Date());
  return grown;
}

function configOf(ports: ChangePorts, channel: string): ChannelConfig {
  const config = ports.config(channel);
  if (config === undefined) throw new LedgerError('NOT_FOUND', `There is no channel ${channel}`);
  return config;
}

function channelsWhere(ports: ChangePorts, holds: (config: ChannelConfig) => boolean): string[] {
  return ports.network.definition.channels
    .map(({ name }) => name)
    .filter((channel) => holds(configOf(ports, channel)));
}

/** @throws LedgerError REFUSED for a channel that the change does not concern, or when it concerns none */
function chosen(
  wanted: readonly string[] | undefined,
  possible: readonly string[],
  otherwise: string,
): readonly string[] {
  const other = wanted?.find((channel) => !possible.includes(channel));
  if (other !== undefined) throw new LedgerError('REFUSED', `${otherwise} of ${other}`);
  if (possible.length === 0) throw new LedgerError('REFUSED', `${otherwise} of any channel`);
  return wanted ?? possible;
}
