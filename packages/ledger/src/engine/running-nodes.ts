import { toHex } from '@healthchain/core';
import { isMember, type ChannelConfig } from '../config/index.ts';
import { LedgerError } from '../error.ts';
import type { OrdererEndpoint } from '../gateway/index.ts';
import type { Peer, PeerChannel } from '../peer/index.ts';
import type { NodeStatus, Replay } from './control.ts';
import { ChannelHub, type HubOwner } from './hub.ts';
import type { NodeName } from './layout.ts';
import type { Network } from './network.ts';
import { startPeer, type NodeEnvironment, type NodeSettings } from './nodes.ts';
import { OrdererNode } from './orderer-node.ts';

/** Peers that are not together by then are not waited for. */
const SETTLE_TIMEOUT_MS = 10_000;

/** The nodes of a network that run in this thread, and why others have failed. */
export class RunningNodes implements HubOwner {
  readonly #network: Network;
  readonly #environment: NodeEnvironment;
  readonly #peers = new Map<string, Peer>();
  readonly #orderers = new Map<string, OrdererNode>();
  readonly #failed = new Map<string, string>();
  /** Of peers that are starting. */
  readonly #replays = new Map<string, Replay>();
  readonly #endpoints = new WeakMap<ChannelConfig, readonly OrdererEndpoint[]>();

  /** `onConfig`: an orderer has committed another configuration, which `followConfig` is to be called for. */
  readonly onConfig: (channelId: string) => void;

  constructor(settings: NodeSettings, onConfig: (channelId: string) => void) {
    const channels = settings.network.definition.channels.map(({ name }) => name);
    this.#network = settings.network;
    this.#environment = {
      ...settings,
      hubs: new Map(channels.map((channelId) => [channelId, new ChannelHub(channelId, this)])),
      config: (channelId) => this.config(channelId),
    };
    this.onConfig = onConfig;
  }

  get channelIds(): readonly string[] {
    return [...this.#environment.hubs.keys()];
  }

  /** Blocks of all channels that some node has. */
  get blocks(): number {
    return [...this.#environment.hubs.values()].reduce((sum, { feed }) => sum + feed.height, 0);
  }

  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** Numbers of blocks that running nodes have of a channel. */
  heights(channelId: string): { readonly orderers: readonly number[]; readonly peers: readonly number[] } {
    const orderers = [...this.#orderers.values()].flatMap(
      ({ channels }) => channels.get(channelId)?.height ?? [],
    );
    return { orderers, peers: this.ledgers(channelId).map(({ height }) => height) };
  }

  isRunning(id: string): boolean {
    return this.#peers.has(id) || this.#orderers.has(id);
  }

  orderer(id: string): OrdererNode | undefined {
    return this.#orderers.get(id);
  }

  async start(node: NodeName): Promise<void> {
    if (this.#peers.has(node.id) || this.#orderers.has(node.id)) return;
    this.#failed.delete(node.id);
    if (node.kind === 'orderer') {
      this.#orderers.set(node.id, await OrdererNode.start(this.#environment, node));
      return;
    }
    try {
      const onReplay = (replay: Replay): void => void this.#replays.set(node.id, replay);
      this.#peers.set(node.id, await startPeer(this.#environment, node, onReplay));
    } finally {
      this.#replays.delete(node.id);
    }
  }

  /** Takes a node out of service; it is still to be stopped. */
  take(id: string): Peer | OrdererNode | undefined {
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

  /** The newest configuration that a running node has committed. */
  config(channelId: string): ChannelConfig | undefined {
    let newest: ChannelConfig | undefined;
    const consider = (config: ChannelConfig | undefined) => {
      if (config !== undefined && (newest === undefined || config.sequence > newest.sequence))
        newest = config;
    };
    for (const peer of this.#peers.values()) consider(peer.channel(channelId)?.config);
    for (const orderer of this.#orderers.values()) consider(orderer.channels.get(channelId)?.config);
    return newest;
  }

  /** Whether the newest configuration lets a peer have the channel's blocks: orderers serve members only. */
  mayRead(channelId: string, peer: string): boolean {
    const config = this.config(channelId);
    const mspId = this.#peers.get(peer)?.mspId ?? this.named(peer).mspId;
    return config === undefined || isMember(config, mspId);
  }

  /**
   * Lets running orderers take up and lay down their parts as the newest configuration has it. One that is no consenter any
   * more stays until all others that run have the block that says so, as it may be the one to show it.
   */
  async followConfig(channelId: string): Promise<void> {
    const config = this.config(channelId);
    if (config === undefined) return;
    const orderers = [...this.#orderers.values()];
    const isInForce = orderers.every((orderer) => {
      const part = orderer.channels.get(channelId);
      return part === undefined || part.config.sequence >= config.sequence;
    });
    for (const orderer of orderers) {
      const isPart = orderer.channels.has(channelId);
      try {
        if (!isPart && orderer.isConsenter(config)) await orderer.join(channelId);
        else if (isPart && isInForce && !orderer.isConsenter(config)) await orderer.leave(channelId);
      } catch (error) {
        this.#environment.onFailure(orderer.id, error);
      }
    }
  }

  /** The orderers that the newest configuration of a channel names, running or not. */
  endpoints(channelId: string): readonly OrdererEndpoint[] {
    const config = this.config(channelId);
    if (config === undefined) return [];
    const endpoints = this.#endpoints.get(config) ?? this.#endpointsOf(config);
    this.#endpoints.set(config, endpoints);
    return endpoints;
  }

  #endpointsOf(config: ChannelConfig): OrdererEndpoint[] {
    return config.consenters.map(({ host, port, mspId }) => ({
      address: `${host}:${port}`,
      mspId,
      broadcast: (id, envelope) => {
        const part = this.#ordererAt(host)?.channels.get(id);
        if (part !== undefined) return part.broadcast(envelope);
        const text = `rpc error: code = Unavailable desc = orderer ${host}:${port} is not running`;
        return Promise.reject(new LedgerError('STOPPED', text));
      },
    }));
  }

  #ordererAt(host: string): OrdererNode | undefined {
    for (const orderer of this.#orderers.values()) if (orderer.host === host) return orderer;
    return undefined;
  }

  status(): NodeStatus[] {
    return this.#network.nodes.map(({ id, kind, mspId }) => ({ id, kind, mspId, ...this.#stateOf(id) }));
  }

  #stateOf(id: string): Omit<NodeStatus, 'id' | 'kind' | 'mspId'> {
    const peer = this.#peers.get(id);
    const orderer = this.#orderers.get(id);
    if (peer !== undefined) return stateOfPeer(peer);
    if (orderer !== undefined) return stateOfOrderer(orderer);
    const replay = this.#replays.get(id);
    if (replay !== undefined) return { state: 'starting', replay, channels: [] };
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
      ...(store.damage !== undefined && { damage: store.damage.message }),
    })),
  };
}

function stateOfOrderer(orderer: OrdererNode): Pick<NodeStatus, 'state' | 'channels'> {
  const channels = [...orderer.channels].map(([name, { height, headerHash, waiting, store }]) => ({
    name,
    height,
    headerHash: toHex(headerHash),
    blockBytes: store.bytes,
    waiting,
  }));
  return { state: 'running', channels };
}
