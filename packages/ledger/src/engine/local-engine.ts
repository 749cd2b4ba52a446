import { toHex } from '@healthchain/core';
import type { Verifier } from '../crypto/index.ts';
import {
  createGatewayClient,
  GatewayService,
  localTransport,
  type CallTransport,
  type GatewayNetwork,
  type OrdererEndpoint,
} from '../gateway/index.ts';
import { LedgerError } from '../error.ts';
import type { Peer } from '../peer/index.ts';
import { diskFiles, openLevel } from '../storage/index.ts';
import { loadChaincodes, type ChaincodeSource } from './chaincodes.ts';
import { coalescingVerifier } from './coalesce.ts';
import { applyChange, revoke } from './configure.ts';
import type {
  ConfigChange,
  EngineControl,
  NodeStatus,
  RepairReport,
  RevocationRequest,
  StatePage,
  StateSnapshot,
} from './control.ts';
import { countingFiles, type SyncCounter } from './counting-files.ts';
import { deploy } from './deploy.ts';
import { ChannelHub } from './hub.ts';
import { addressOf, type NodeName } from './layout.ts';
import { consentersOf, openNetwork, orderersOf, type Network } from './network.ts';
import { startOrderer, startPeer, type NodeEnvironment, type RunningOrderer } from './nodes.ts';
import { repairLedger } from './repair.ts';
import { StateSnapshots } from './snapshots.ts';

/** Peers that are not together by then are not waited for. */
const SETTLE_TIMEOUT_MS = 10_000;

export interface LocalEngineOptions {
  readonly directory: string;
  readonly chaincodes: Readonly<Record<string, ChaincodeSource>>;
  readonly clock?: () => Date;
  /** Threads that verify signatures beside the engine's own; 0 verifies in place. */
  readonly verifyThreads?: number;
  /** Peers and orderers of the process share outcomes of verifications (never of a signing). */
  readonly shareVerifications?: boolean;
}

/** All nodes of the consortium in this thread. */
export class LocalEngine implements EngineControl {
  readonly #network: Network;
  readonly #environment: NodeEnvironment;
  readonly #counter: SyncCounter;
  readonly #peers = new Map<string, Peer>();
  readonly #orderers = new Map<string, RunningOrderer>();
  readonly #failed = new Map<string, string>();
  readonly #services = new Map<string, GatewayService>();
  readonly #snapshots = new StateSnapshots();
  readonly #verifiers: Verifier[];
  readonly transport: CallTransport;
  #changing: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(
    network: Network,
    environment: NodeEnvironment,
    counter: SyncCounter,
    verifiers: Verifier[],
    gatewayVerifier: Verifier,
  ) {
    this.#network = network;
    this.#environment = environment;
    this.#counter = counter;
    this.#verifiers = verifiers;
    for (const { mspId } of network.definition.organisations) {
      this.#services.set(mspId, new GatewayService(this.#gatewayNetwork(mspId, gatewayVerifier)));
    }
    this.transport = localTransport((mspId) => (this.#isClosed ? undefined : this.#services.get(mspId)));
  }

  static async start(options: LocalEngineOptions): Promise<LocalEngine> {
    const network = openNetwork(options.directory);
    const chaincodes = await loadChaincodes(options.chaincodes);
    const { verifierOf, verifiers } = verifiersFor(options);
    const counter = countingFiles(diskFiles);
    const failures = new Map<string, unknown>();
    const hubs = new Map(
      network.definition.channels.map((channel) => {
        const ids = consentersOf(network, channel).map(({ id }) => id);
        const nodes = orderersOf(network, channel).map((node) => node.id);
        return [
          channel.name,
          new ChannelHub(channel.name, new Map(nodes.map((node, i) => [node, ids[i] as number]))),
        ];
      }),
    );
    let engine: LocalEngine | undefined;
    const environment: NodeEnvironment = {
      network,
      hubs,
      files: counter.files,
      openRows: openLevel,
      chaincodes,
      clock: options.clock ?? (() => new Date()),
      verifierOf,
      onFailure: (node, error) => {
        failures.set(node, error);
        engine?.fail(node, error);
      },
    };
    engine = new LocalEngine(network, environment, counter, verifiers, verifierOf('gateway'));
    for (const kind of ['orderer', 'peer'] as const) await engine.#startAll(kind);
    for (const [node, error] of failures) engine.fail(node, error);
    return engine;
  }

  status(): Promise<readonly NodeStatus[]> {
    return Promise.resolve(this.#network.nodes.map((node) => this.#statusOf(node)));
  }

  stop(id: string): Promise<void> {
    return this.#exclusively(() => this.#stopNode(this.#node(id)));
  }

  start(id: string): Promise<void> {
    const node = this.#node(id);
    return this.#exclusively(async () => {
      try {
        await this.#startNode(node);
      } catch (error) {
        this.fail(id, error);
        throw error;
      }
    });
  }

  pause(id: string): Promise<void> {
    this.#runningPeer(id).pause();
    return Promise.resolve();
  }

  resume(id: string): Promise<void> {
    this.#runningPeer(id).resume();
    return Promise.resolve();
  }

  deploy(): Promise<void> {
    return deploy(
      this.#network,
      (mspId) => createGatewayClient(this.transport, mspId),
      (channel) => this.#settled(channel),
    );
  }

  updateConfig(channel: string, change: ConfigChange): Promise<{ readonly blockNumber: number }> {
    const peers = [...this.#peers.values()].flatMap((peer) => peer.channel(channel) ?? []);
    return applyChange(this.#network, channel, change, peers, this.#endpoints(channel));
  }

  revokeCertificate(request: RevocationRequest) {
    return revoke(this.#network, request, (channel, change) => this.updateConfig(channel, change));
  }

  block(peer: string, channel: string, number: number): Promise<Uint8Array> {
    return this.#ledger(peer, channel).store.block(number);
  }

  async openSnapshot(peer: string, channel: string): Promise<StateSnapshot> {
    return this.#snapshots.open(peer, this.#ledger(peer, channel).store);
  }

  stateRows(snapshot: number, after?: { namespace: string; key: string }): Promise<StatePage> {
    return this.#snapshots.page(snapshot, after);
  }

  closeSnapshot(snapshot: number): Promise<void> {
    return this.#snapshots.close(snapshot);
  }

  repair(peer: string, channel: string): Promise<RepairReport> {
    const others = [...this.#peers.values()].filter((other) => other.name !== peer);
    const ledgers = others.flatMap((other) => other.channel(channel) ?? []);
    return repairLedger(this.#ledger(peer, channel), ledgers);
  }

  counters() {
    const heights = [...this.#environment.hubs.values()].map((hub) => hub.feed.height);
    return Promise.resolve({
      fsyncs: this.#counter.count,
      fsyncMs: this.#counter.takeDurations(),
      blocks: heights.reduce((sum, height) => sum + height, 0),
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#exclusively(async () => {
      for (const node of this.#network.nodes.toReversed()) await this.#stopNode(node);
    });
    await Promise.all(this.#verifiers.map((verifier) => verifier.close()));
  }

  /** A node that can no longer keep its promises is taken out; the others go on. */
  fail(id: string, error: unknown): void {
    this.#failed.set(id, error instanceof Error ? error.message : String(error));
    process.emitWarning(error instanceof Error ? error : String(error), {
      code: 'LEDGER_NODE_FAILED',
      detail: id,
    });
    void this.#exclusively(() => this.#stopNode(this.#node(id)));
  }

  /** A node whose files cannot be relied on stays out and the others go on; without any of its kind nothing can go on. */
  async #startAll(kind: NodeName['kind']): Promise<void> {
    const nodes = this.#network.nodes.filter((node) => node.kind === kind);
    const errors: unknown[] = [];
    for (const node of nodes) {
      await this.#startNode(node).catch((error: unknown) => {
        errors.push(error);
        this.fail(node.id, error);
      });
    }
    if (errors.length === nodes.length) {
      await this.close();
      throw errors[0];
    }
  }

  async #startNode(node: NodeName): Promise<void> {
    if (this.#peers.has(node.id) || this.#orderers.has(node.id)) return;
    this.#failed.delete(node.id);
    if (node.kind === 'peer') this.#peers.set(node.id, await startPeer(this.#environment, node));
    else this.#orderers.set(node.id, await startOrderer(this.#environment, node));
  }

  async #stopNode(node: NodeName): Promise<void> {
    const running = this.#peers.get(node.id) ?? this.#orderers.get(node.id);
    this.#peers.delete(node.id);
    this.#orderers.delete(node.id);
    await this.#snapshots.closeAllOf(node.id);
    await running?.stop();
  }

  /** Waits until all running peers of a channel have the blocks that any of them has. */
  async #settled(channelId: string): Promise<void> {
    const channels = [...this.#peers.values()].flatMap((peer) => peer.channel(channelId) ?? []);
    const following = channels.filter((channel) => !channel.isPaused);
    const height = Math.max(0, ...following.map((channel) => channel.height));
    const signal = AbortSignal.timeout(SETTLE_TIMEOUT_MS);
    for (const channel of following) {
      while (channel.height < height && !channel.isStopped && !signal.aborted) await channel.changed(signal);
    }
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(work);
    this.#changing = result.catch(() => undefined);
    return result;
  }

  #gatewayNetwork(mspId: string, verifier: Verifier): GatewayNetwork {
    return {
      mspId,
      verifier,
      clock: this.#environment.clock,
      peers: () => [...this.#peers.values()],
      isMember: (channelId) =>
        this.#network.definition.channels.some(
          ({ name, members }) => name === channelId && members.includes(mspId),
        ),
      orderers: (channelId) => this.#endpoints(channelId),
    };
  }

  #endpoints(channelId: string): OrdererEndpoint[] {
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

  #statusOf(node: NodeName): NodeStatus {
    const { id, kind, mspId } = node;
    const peer = this.#peers.get(id);
    const orderer = this.#orderers.get(id);
    const reason = this.#failed.get(id);
    if (peer !== undefined) {
      const channels = [...peer.channels];
      return {
        id,
        kind,
        mspId,
        state: channels.some((channel) => channel.isPaused) ? 'paused' : 'running',
        channels: channels.map(({ channelId, height, store }) => ({
          name: channelId,
          height,
          headerHash: toHex(store.savepoint?.headerHash ?? new Uint8Array()),
          blockBytes: store.blockBytes,
        })),
      };
    }
    if (orderer === undefined) {
      return {
        id,
        kind,
        mspId,
        state: reason === undefined ? 'stopped' : 'failed',
        ...(reason && { reason }),
        channels: [],
      };
    }
    const channels = [...orderer.channels].map(([name, { height, headerHash, waiting, store }]) => ({
      name,
      height,
      headerHash: toHex(headerHash),
      blockBytes: store.bytes,
      waiting,
    }));
    return { id, kind, mspId, state: 'running', channels };
  }

  #node(id: string): NodeName {
    const node = this.#network.nodes.find((candidate) => candidate.id === id);
    if (node === undefined) {
      const known = this.#network.nodes.map((candidate) => candidate.id).join(', ');
      throw new LedgerError('UNKNOWN_NODE', `There is no node ${id}; known are ${known}`);
    }
    return node;
  }

  #runningPeer(id: string): Peer {
    const peer = this.#peers.get(this.#node(id).id);
    if (peer === undefined) throw new LedgerError('STOPPED', `${id} is not a running peer`);
    return peer;
  }

  #ledger(id: string, channelId: string) {
    const ledger = this.#runningPeer(id).channel(channelId);
    if (ledger === undefined) throw new LedgerError('NOT_FOUND', `${id} has not joined ${channelId}`);
    return ledger;
  }
}

/** One verifier with one cache for all where outcomes are shared; otherwise one for each node. */
function verifiersFor(options: LocalEngineOptions) {
  const { verifyThreads = 0, shareVerifications = true } = options;
  const verifiers: Verifier[] = [];
  const create = () => {
    const verifier = coalescingVerifier({ threads: verifyThreads });
    verifiers.push(verifier);
    return verifier;
  };
  const shared = shareVerifications ? create() : undefined;
  const own = new Map<string, Verifier>();
  const verifierOf = (node: string) => {
    const verifier = shared ?? own.get(node) ?? create();
    own.set(node, verifier);
    return verifier;
  };
  return { verifierOf, verifiers };
}
