import { randomBytes } from 'node:crypto';
import { computeConfigUpdate, configEdits, configOf, signConfigUpdate } from '../config/index.ts';
import type { OrdererEndpoint } from '../gateway/index.ts';
import { createRevocationList } from '../msp/index.ts';
import { LedgerError } from '../error.ts';
import { HeaderType, NONCE_BYTES, signedEnvelope, Status } from '../ordering/index.ts';
import type { PeerChannel } from '../peer/index.ts';
import type { ConfigChange, RevocationRequest } from './control.ts';
import { signingIdentity } from './keys.ts';
import type { Network } from './network.ts';

/** A configuration that is not in force by then is reported as unclear. */
const DEADLINE_MS = 30_000;

/**
 * Changes a channel's configuration by a transaction: the update is signed by every member's administrator, broadcast, and
 * awaited on all running peers. @throws LedgerError REFUSED with the orderers' answer, TIMEOUT
 */
export async function applyChange(
  network: Network,
  channel: string,
  change: ConfigChange,
  peers: readonly PeerChannel[],
  orderers: readonly OrdererEndpoint[],
): Promise<{ readonly blockNumber: number }> {
  const current = peers.toSorted((a, b) => b.height - a.height)[0];
  if (current === undefined) throw new LedgerError('STOPPED', `No peer of ${channel} is running`);
  const original = configOf(current.config);
  const update = computeConfigUpdate(channel, original, edited(original, change));
  const admins = network
    .channel(channel)
    .members.map((mspId) => signingIdentity(mspId, network.admin(mspId)));
  const [submitter] = admins;
  if (submitter === undefined) throw new LedgerError('BAD_NETWORK', `${channel} has no members`);
  const signers = admins.map((admin) => ({
    identity: admin.serialized,
    sign: (message: Uint8Array) => admin.sign(message),
    nonce: randomBytes(NONCE_BYTES),
  }));
  const header = { type: HeaderType.configUpdate, channelId: channel, at: new Date() };
  const envelope = signedEnvelope(submitter, header, signConfigUpdate(update, signers));
  const sequence = current.config.sequence;
  await broadcast(orderers, channel, envelope);
  await Promise.all(peers.filter((peer) => !peer.isPaused).map((peer) => isInForce(peer, sequence)));
  return { blockNumber: await lastConfigBlock(current) };
}

/** Revokes by a revocation list that joins the earlier ones, on every channel of the organisation. */
export async function revoke(
  network: Network,
  request: RevocationRequest,
  apply: (channel: string, change: ConfigChange) => Promise<{ readonly blockNumber: number }>,
): Promise<{ channel: string; blockNumber: number }[]> {
  const { mspId, certificate } = request;
  const revocationList = await createRevocationList(network.authority(mspId), {
    certificates: [certificate],
    at: new Date(),
  });
  const own = network.definition.channels
    .filter(({ members }) => members.includes(mspId))
    .map(({ name }) => name);
  const blocks: { channel: string; blockNumber: number }[] = [];
  for (const channel of request.channels ?? own) {
    const { blockNumber } = await apply(channel, { kind: 'revocationList', mspId, revocationList });
    blocks.push({ channel, blockNumber });
  }
  return blocks;
}

function edited(config: Uint8Array, change: ConfigChange): Uint8Array {
  return change.kind === 'batch'
    ? configEdits.setBatchLimits(config, change.limits)
    : configEdits.addRevocationList(config, change.mspId, change.revocationList);
}

/** One orderer that takes it is enough: it is ordered when that one proposes, or when its turn comes again. */
async function broadcast(
  orderers: readonly OrdererEndpoint[],
  channel: string,
  envelope: Uint8Array,
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
  throw new LedgerError(
    'REFUSED',
    `The configuration was refused: ${answers.map(({ info }) => info).join('; ')}`,
  );
}

async function isInForce(peer: PeerChannel, sequence: bigint): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  while (peer.config.sequence <= sequence) {
    if (signal.aborted) {
      throw new LedgerError(
        'TIMEOUT',
        `${peer.name} has not seen the configuration of ${peer.channelId} in time`,
      );
    }
    await peer.changed(signal);
  }
}

async function lastConfigBlock(peer: PeerChannel): Promise<number> {
  return peer.lastConfigNumber();
}
