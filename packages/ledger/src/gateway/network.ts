import { isMember, type ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import type { Ending } from '../ending.ts';
import type { Peer, PeerChannel } from '../peer/index.ts';

export interface OrdererAnswer {
  /** common.Status */
  readonly status: number;
  readonly info: string;
}

/** An orderer as a gateway reaches it. */
export interface OrdererEndpoint {
  readonly address: string;
  readonly mspId: string;
  /** Rejects when it cannot be reached. */
  readonly broadcast: (channelId: string, envelope: Uint8Array) => Promise<OrdererAnswer>;
}

/** The nodes of the consortium as one organisation's gateway sees them. */
export interface GatewayNetwork {
  readonly mspId: string;
  /**
   * The peer whose gateway this is ('peer0.north'): what is its own it answers itself or not at all. Undefined: the
   * organisation's, for which another organisation's peer answers while its own is stopped.
   */
  readonly peer: string | undefined;
  readonly verifier: Verifier;
  readonly clock: () => Date;
  /** Running peers. */
  peers(): readonly Peer[];
  /** The newest configuration that a running node has committed; undefined where no channel of this name is known. */
  config(channelId: string): ChannelConfig | undefined;
  /** All orderers that the configuration names, running or not. */
  orderers(channelId: string): readonly OrdererEndpoint[];
}

/** How long a call waits for a peer to reach what its session has seen, before another peer is taken. */
const SESSION_WAIT_MS = 1000;

/** Whether the gateway's organisation is a member of a channel of this name. */
export function isOwnChannel(network: GatewayNetwork, channelId: string): boolean {
  const config = network.config(channelId);
  return config !== undefined && isMember(config, network.mspId);
}

/** Running peers of the channel's members: the gateway's own first, then its organisation's, then by height. */
export function peersOf(network: GatewayNetwork, channelId: string): Peer[] {
  return onChannel(network, channelId).toSorted((a, b) => inOrder(network, channelId, a, b));
}

function onChannel(network: GatewayNetwork, channelId: string): Peer[] {
  const config = network.config(channelId);
  if (config === undefined) return [];
  return network
    .peers()
    .filter((peer) => peer.channel(channelId) !== undefined && isMember(config, peer.mspId));
}

function inOrder(network: GatewayNetwork, channelId: string, a: Peer, b: Peer): number {
  const height = (peer: Peer) => peer.channel(channelId)?.height ?? 0;
  return rank(network, a) - rank(network, b) || height(b) - height(a);
}

function rank(network: GatewayNetwork, peer: Peer): number {
  if (peer.name === network.peer) return 0;
  return peer.mspId === network.mspId ? 1 : 2;
}

/** The ledger that an organisation's gateway answers from: its own peer's, or another's while that is stopped. */
export function ledgerOf(network: GatewayNetwork, channelId: string): PeerChannel | undefined {
  if (!isOwnChannel(network, channelId)) return undefined;
  let first: Peer | undefined;
  for (const peer of onChannel(network, channelId)) {
    if (first === undefined || inOrder(network, channelId, peer, first) < 0) first = peer;
  }
  return network.peer === undefined || first?.name === network.peer ? first?.channel(channelId) : undefined;
}

/** Whether a peer has the blocks that a session has seen. */
export function isThere(peer: Peer, channelId: string, height: number): boolean {
  return (peer.channel(channelId)?.height ?? -1) >= height;
}

/**
 * Waits until a peer has the blocks that the session has seen, as it mostly is about to get them; false when it does not in
 * time, or is paused.
 */
export async function reaches(
  peer: Peer,
  channelId: string,
  height: number,
  ending: Ending,
): Promise<boolean> {
  const channel = peer.channel(channelId);
  if (channel === undefined || channel.height >= height) return channel !== undefined;
  if (channel.isPaused) return false;
  const until = AbortSignal.any([ending.signal, AbortSignal.timeout(SESSION_WAIT_MS)]);
  while (!until.aborted && !channel.isStopped && channel.height < height) await channel.changed(until);
  return channel.height >= height;
}

/** The same peers with those first that have the blocks that the session has seen. */
export async function atHeight(
  peers: readonly Peer[],
  channelId: string,
  height: number,
  ending: Ending,
): Promise<readonly Peer[]> {
  const [preferred, ...others] = peers;
  if (preferred === undefined || isThere(preferred, channelId, height)) return peers;
  if (await reaches(preferred, channelId, height, ending)) return peers;
  const hasSeen = (peer: Peer) => isThere(peer, channelId, height);
  return [...others.filter(hasSeen), ...others.filter((peer) => !hasSeen(peer)), preferred];
}
