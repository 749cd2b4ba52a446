import { randomBytes } from 'node:crypto';
import { equalBytes } from '@healthchain/core';
import {
  computeConfigUpdate,
  configEdits,
  configOf,
  decodeConfigEnvelope,
  isMember,
  organisationsOf,
  signConfigUpdate,
  type ChannelConfig,
} from '../config/index.ts';
import type { OrdererEndpoint } from '../gateway/index.ts';
import { createRevocationList } from '../msp/index.ts';
import { LedgerError } from '../error.ts';
import { HeaderType, NONCE_BYTES, signedEnvelope, Status } from '../ordering/index.ts';
import type { Peer, PeerChannel } from '../peer/index.ts';
import type { ChangedChannels, ConfigChange, RevocationRequest, SignedBy } from './control.ts';
import { signingIdentity } from './keys.ts';
import type { Network } from './network.ts';

/** A configuration that is not in force by then is reported as unclear. */
const DEADLINE_MS = 30_000;

type Edits = {
  readonly [Kind in ConfigChange['kind']]: (
    config: Uint8Array,
    change: Extract<ConfigChange, { kind: Kind }>,
  ) => Uint8Array;
};

const EDITS: Edits = {
  batch: (config, { limits }) => configEdits.setBatchLimits(config, limits),
  revocationList: (config, { mspId, revocationList }) =>
    configEdits.addRevocationList(config, mspId, revocationList),
  addOrganisation: (config, { organisation }) => configEdits.addApplicationOrganisation(config, organisation),
  removeOrganisation: (config, { mspId }) => configEdits.removeApplicationOrganisation(config, mspId),
  authorities: (config, { consenters, organisation }) => {
    const entered =
      organisation === undefined ? config : configEdits.addOrdererOrganisation(config, organisation);
    const kept = configEdits.keepOrdererOrganisations(entered, new Set(consenters.map(({ mspId }) => mspId)));
    return configEdits.setConsenters(kept, consenters);
  },
  capabilities: (config, { level, names }) => configEdits.setCapabilities(config, level, names),
  policy: (config, { level, name, rule }) => configEdits.setPolicy(config, level, name, rule),
};

/** Where a change of one channel is made. */
export interface ChannelAccess {
  readonly network: Network;
  readonly channelId: string;
  /** Running peers that have joined the channel. */
  readonly peers: readonly Peer[];
  readonly orderers: readonly OrdererEndpoint[];
}

/**
 * Changes a channel's configuration by a transaction: the update is signed by administrators, broadcast, and awaited on the
 * members' running peers. @throws LedgerError CONFIG_REFUSED when it changes nothing; REFUSED with the orderers' answer, TIMEOUT
 */
export async function applyChange(
  access: ChannelAccess,
  change: ConfigChange,
  signedBy: SignedBy | undefined,
): Promise<{ readonly blockNumber: number }> {
  const { channelId } = access;
  const ledgers = access.peers.flatMap((peer) => peer.channel(channelId) ?? []);
  const current = ledgers.toSorted((a, b) => b.height - a.height)[0];
  if (current === undefined) throw new LedgerError('STOPPED', `No peer of ${channelId} is running`);
  const { config } = current;
  const before = { config, block: await current.lastConfigNumber() };
  const original = configOf(config);
  const update = computeConfigUpdate(channelId, original, edited(original, change));
  const signers = signedBy ?? organisationsOf(config);
  const envelope = signedUpdate(access.network, config, update, signers);
  await broadcast(access.orderers, channelId, envelope, signers);
  const ledger = await inForce(access, before, envelope);
  return { blockNumber: await ledger.lastConfigNumber() };
}

/** Revokes by a revocation list that joins the earlier ones, on every channel of the organisation. */
export async function revoke(
  network: Network,
  request: RevocationRequest,
  configOfChannel: (channel: string) => ChannelConfig | undefined,
  apply: (channel: string, change: ConfigChange) => Promise<{ readonly blockNumber: number }>,
): Promise<ChangedChannels> {
  const { mspId, certificate } = request;
  const revocationList = await createRevocationList(network.authority(mspId), {
    certificates: [certificate],
    at: new Date(),
  });
  const own = network.definition.channels.flatMap(({ name }) => {
    const config = configOfChannel(name);
    return config !== undefined && organisationsOf(config).includes(mspId) ? [name] : [];
  });
  const blocks: { channel: string; blockNumber: number }[] = [];
  for (const channel of request.channels ?? own) {
    const { blockNumber } = await apply(channel, { kind: 'revocationList', mspId, revocationList });
    blocks.push({ channel, blockNumber });
  }
  return blocks;
}

function edited(config: Uint8Array, change: ConfigChange): Uint8Array {
  const edit = EDITS[change.kind] as (config: Uint8Array, change: ConfigChange) => Uint8Array;
  return edit(config, change);
}

/** The first signer whom the channel knows submits it; what counts are the signatures inside. */
function signedUpdate(
  network: Network,
  config: ChannelConfig,
  update: Uint8Array,
  signedBy: SignedBy,
): Uint8Array {
  const admins = [...new Set(signedBy)].map((mspId) => signingIdentity(mspId, network.admin(mspId)));
  const known = organisationsOf(config);
  const submitter = admins.find(({ mspId }) => known.includes(mspId)) ?? admins[0];
  if (submitter === undefined) throw new LedgerError('REFUSED', 'Nobody signs the configuration update');
  const signers = admins.map((admin) => ({
    identity: admin.serialized,
    sign: (message: Uint8Array) => admin.sign(message),
    nonce: randomBytes(NONCE_BYTES),
  }));
  const header = { type: HeaderType.configUpdate, channelId: config.channelId, at: new Date() };
  return signedEnvelope(submitter, header, signConfigUpdate(update, signers));
}

/** One orderer that takes it is enough: it is ordered when that one proposes, or when its turn comes again. */
async function broadcast(
  orderers: readonly OrdererEndpoint[],
  channel: string,
  envelope: Uint8Array,
  signedBy: SignedBy,
): Promise<void> {
  const answers = await Promise.all(
    orderers.map((orderer) =>
      orderer.broadcast(channel, envelope).catch((error: unknown) => ({
        status: Status.SERVICE_UNAVAILABLE,
        info: error instanceof Error ? error.message : String(error),
      })),
    ),
  );
  if (answers.some(({ status }) => status === Status.SUCCESS)) return;
  const infos = new Set(answers.map(({ info }) => info));
  throw new LedgerError(
    'REFUSED',
    `The configuration of ${channel}, signed by administrators of ${signedBy.join(', ')}, was refused: ${[...infos].join('; ')}`,
  );
}

/**
 * Waits for the peers of whoever is a member by the next configuration, and gives one of them.
 * @throws LedgerError REFUSED, TIMEOUT
 */
async function inForce(
  access: ChannelAccess,
  before: { readonly config: ChannelConfig; readonly block: number },
  update: Uint8Array,
): Promise<PeerChannel> {
  const { channelId } = access;
  const members = access.peers.filter(({ mspId }) => isMember(before.config, mspId));
  const ledgers = members
    .flatMap((peer) => peer.channel(channelId) ?? [])
    .filter(({ isPaused }) => !isPaused);
  const abort = new AbortController();
  const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(DEADLINE_MS)]);
  try {
    const first = await Promise.any(ledgers.map((ledger) => later(ledger, before.block, signal)));
    const { config } = first;
    const { lastUpdate } = decodeConfigEnvelope(config.envelope);
    const isOurs = lastUpdate !== undefined && equalBytes(lastUpdate, update);
    if (config.sequence === before.config.sequence + 1n && !isOurs)
      throw new LedgerError('REFUSED', `Another configuration of ${channelId} came first`);
    const staying = members.filter(({ mspId }) => isMember(config, mspId));
    const waiting = staying.flatMap((peer) => peer.channel(channelId) ?? []);
    await Promise.all(
      waiting.filter(({ isPaused }) => !isPaused).map((ledger) => later(ledger, before.block, signal)),
    );
    return first;
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    throw (error.errors as unknown[])[0];
  } finally {
    abort.abort();
  }
}

/** Returns when the peer has committed a configuration block after block `number`. @throws LedgerError TIMEOUT */
async function later(peer: PeerChannel, number: number, signal: AbortSignal): Promise<PeerChannel> {
  for (;;) {
    const changed = peer.changed(signal);
    if ((await peer.lastConfigNumber()) > number) return peer;
    if (signal.aborted || peer.isStopped) {
      const text = `${peer.name} has not seen the configuration of ${peer.channelId} in time`;
      throw new LedgerError('TIMEOUT', text);
    }
    await changed;
  }
}
