import { toHex } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import type { OrdererEndpoint } from '../gateway/index.ts';
import type { Peer, PeerChannel } from '../peer/index.ts';
import type { NodeStatus } from './control.ts';
import { addressOf, type NodeName } from './layout.ts';
import { orderersOf, type Network } from './network.ts';
import { startOrderer, startPeer, type NodeEnvironment, type RunningOrderer } from './nodes.ts';

/** Peers that are not together by then are not waited for. */
const SETTLE_TIMEOUT_MS = 10_000;

/** The nodes of a network that run in this thread, and why others have failed. */
export class RunningNodes {
  readonly #network: Network;
  readonly #environment: NodeEnvironment;
  readonly #peers = new Map<string, Peer>();
  readonly #orderers = new Map<string, RunningOrderer>();
  readonly #failed = new Map<string, string>();

  constructor(network: Network, environment: NodeEnvironment) {
    this.#network = network;
    this.#environment = environment;
  }

  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  async start(node: NodeName): Promise<void> {
    if (this.#peers.has(node.id) || this.#orderers.has(node.id)) return;
    this.#failed.delete(node.id);
    if (node.kind === 'peer') this.#peers.set(node.id, await startPeer(this.#environment, node));
    else this.#orderers.set(node.id, await startOrderer(this.#environment, node));
  }

  /** Takes a node out of service; it is still to be stopped. */
  take(id: string): Peer | RunningOrderer | undefined {
    const running = this.#peers.get(id) ?? this.#orderers.get(id);
    this.#peers.delete(id);
    this.#orderers.delete(id);
    return running;
  }

  noteFailure(id: string, error: unknown): void {
    this.#failed.set(id, error instanceof Error ? error.message : String(error));
  }

  /** @throws LedgerError UNKNOWN_NODE */
  named(id: string): NodeName {
    const node = this.#network.nodes.find((candidate) => candidate.id === id);
    if (node === undefined) {
      const known = this.#network.nodes.map((candidate) => candidate.id).join(', ');
      throw new LedgerError('UNKNOWN_NODE', `There is no node ${id}; known are ${known}`);
    }
    return node;
  }

  /** @throws LedgerError UNKNOWN_NODE, STOPPED */
  peer(id: string): Peer {
    const peer = this.#peers.get(this.named(id).id);
    if (peer === undefined) throw new LedgerError('STOPPED', `${id} is not a running peer`);
    return peer;
  }

  /** @throws LedgerError UNKNOWN_NODE, STOPPED, NOT_FOUND */
  ledger(id: string, channelId: string): PeerChannel {
    const ledger = this.peer(id).channel(channelId);
    if (ledger === undefined) throw new LedgerError('NOT_FOUND', `${id} has not joined ${channelId}`);
    return ledger;
  }

  /** One channel at all running peers that have joined it. */
  ledgers(channelId: string): PeerChannel[] {
    return this.peers.flatMap((peer) => peer.channel(channelId) ?? []);
  }

  /** Waits until all running peers of a channel have the blocks that any of them has. */
  async settled(channelId: string): Promise<void> {
    const following = this.ledgers(channelId).filter((channel) => !channel.isPaused);
    const height = Math.max(0, ...following.map((channel) => channel.height));
    const signal = AbortSignal.timeout(SETTLE_TIMEOUT_MS);
    for (const channel of following) {
      while (channel.height < height && !channel.isStopped && !signal.aborted) await channel.changed(signal);
    }
  }

  /** The orderers of a channel, running or not. */
  endpoints(channelId: string): OrdererEndpoint[] {
    const channel = this.#network.definition.channels.find(({ name }) => name === channelId);
    if (channel === undefined) return [];
    return orderersOf(this.#network, channel).map((node) => ({
      address: addressOf(node),
      mspId: node.mspId,
      broadcast: async (id, envelope) => {
        const orderer = this.#orderers.get(node.id)?.channels.get(id);
        if (orderer === undefined) {
          throw new LedgerError(
            'STOPPED',
            `rpc error: code = Unavailable desc = orderer ${addressOf(node)} is not running`,
          );
        }
        return orderer.broadcast(envelope);
      },
    }));
  }

  status(): NodeStatus[] {
    return this.#network.nodes.map(({ id, kind, mspId }) => ({ id, kind, mspId, ...this.#stateOf(id) }));
  }

  #stateOf(id: string): Pick<NodeStatus, 'state' | 'reason' | 'channels'> {
    const peer = this.#peers.get(id);
    const orderer = this.#orderers.get(id);
    if (peer !== undefined) return stateOfPeer(peer);
    if (orderer !== undefined) return stateOfOrderer(orderer);
    const reason = this.#failed.get(id);
    return reason === undefined
      ? { state: 'stopped', channels: [] }
      : { state: 'failed', reason, channels: [] };
  }
}

function stateOfPeer(peer: Peer): Pick<NodeStatus, 'state' | 'channels'> {
  const channels = [...peer.channels];
  return {
    state: channels.some((channel) => channel.isPaused) ? 'paused' : 'running',
    channels: channels.map(({ channelId, height, store }) => ({
      name: channelId,
      height,
      headerHash: toHex(store.savepoint?.headerHash ?? new Uint8Array()),
      blockBytes: store.blockBytes,
    })),
  };
}

function stateOfOrderer(orderer: RunningOrderer): Pick<NodeStatus, 'state' | 'channels'> {
  const channels = [...orderer.channels].map(([name, { height, headerHash, waiting, store }]) => ({
    name,
    height,
    headerHash: toHex(headerHash),
    blockBytes: store.bytes,
    waiting,
  }));
  return { state: 'running', channels };
}
