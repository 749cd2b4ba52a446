import type { Verifier } from '../crypto/index.ts';
import { localTransport, type CallTransport } from '../gateway/index.ts';
import { LedgerError } from '../error.ts';
import { diskFiles, openLevel, type LedgerStorage } from '../storage/index.ts';
import { loadChaincodes, type ChaincodeSource } from './chaincodes.ts';
import { ConsortiumChanges } from './consortium-changes.ts';
import type {
  ConfigChange,
  EngineControl,
  MembershipRequest,
  NodeStatus,
  RebuildReport,
  OrganisationRequest,
  RepairReport,
  RevocationRequest,
  SignedBy,
  StatePage,
  StateSnapshot,
  UpgradeRequest,
} from './control.ts';
import { countingFiles, type SyncCounter } from './counting-files.ts';
import type { NodeName } from './layout.ts';
import { gatewaysOf } from './gateways.ts';
import { openNetwork, type Network } from './network.ts';
import type { NodeSettings } from './nodes.ts';
import { Repairs } from './repairs.ts';
import { RunningNodes } from './running-nodes.ts';
import { StateSnapshots } from './snapshots.ts';
import { verifiersFor, type VerifierOptions } from './verifiers.ts';

export interface LocalEngineOptions extends VerifierOptions {
  readonly directory: string;
  readonly chaincodes: Readonly<Record<string, ChaincodeSource>>;
  readonly clock?: () => Date;
  readonly storage?: LedgerStorage;
}

/** All nodes of the consortium in this thread. */
export class LocalEngine implements EngineControl {
  readonly #network: Network;
  readonly #counter: SyncCounter;
  readonly #nodes: RunningNodes;
  readonly #changes: ConsortiumChanges;
  readonly #repairs: Repairs;
  readonly #snapshots = new StateSnapshots();
  readonly #verifiers: Verifier[];
  readonly transport: CallTransport;
  #changing: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(
    settings: NodeSettings,
    counter: SyncCounter,
    verifiers: Verifier[],
    gatewayVerifier: Verifier,
  ) {
    this.#network = settings.network;
    this.#nodes = new RunningNodes(settings, (channelId) => void this.#followConfig(channelId));
    this.#counter = counter;
    this.#verifiers = verifiers;
    const { network, clock } = settings;
    const gateways = gatewaysOf(network, this.#nodes, { verifier: gatewayVerifier, clock });
    this.transport = localTransport((target) => (this.#isClosed ? undefined : gateways(target)));
    this.#repairs = new Repairs(network, settings, this.#nodes);
    this.#changes = new ConsortiumChanges({
      network,
      nodes: this.#nodes,
      transport: this.transport,
      start: (node) => this.start(node),
      stop: (node) => this.stop(node),
      followConfig: (channelId) => this.#followConfig(channelId),
    });
  }

  static async start(options: LocalEngineOptions): Promise<LocalEngine> {
    const chaincodes = await loadChaincodes(options.chaincodes);
    const { verifierOf, verifiers } = verifiersFor(options);
    const { files, openRows } = options.storage ?? { files: diskFiles, openRows: openLevel };
    const counter = countingFiles(files);
    const failures = new Map<string, unknown>();
    let engine: LocalEngine | undefined;
    const settings: NodeSettings = {
      network: openNetwork(options.directory),
      files: counter.files,
      openRows,
      chaincodes,
      clock: options.clock ?? (() => new Date()),
      verifierOf,
      onFailure: (node, error) => {
        failures.set(node, error);
        engine?.fail(node, error);
      },
    };
    engine = new LocalEngine(settings, counter, verifiers, verifierOf('gateway'));
    for (const kind of ['orderer', 'peer'] as const) await engine.#startAll(kind);
    for (const channelId of engine.#nodes.channelIds) void engine.#followConfig(channelId);
    for (const [node, error] of failures) engine.fail(node, error);
    return engine;
  }

  status(): Promise<readonly NodeStatus[]> {
    return Promise.resolve(this.#nodes.status());
  }

  stop(id: string): Promise<void> {
    return this.#exclusively(() => this.#stopNode(this.#nodes.named(id).id));
  }

  start(id: string): Promise<void> {
    const node = this.#nodes.named(id);
    return this.#exclusively(() => this.#startNode(node));
  }

  pause(id: string): Promise<void> {
    this.#nodes.peer(id).pause();
    return Promise.resolve();
  }

  resume(id: string): Promise<void> {
    this.#nodes.peer(id).resume();
    return Promise.resolve();
  }

  deploy(): Promise<void> {
    return this.#changes.deploy();
  }

  updateConfig(channelId: string, change: ConfigChange, signedBy?: SignedBy) {
    return this.#changes.updateConfig(channelId, change, signedBy);
  }

  revokeCertificate(request: RevocationRequest) {
    return this.#changes.revokeCertificate(request);
  }

  addOrganisation(request: OrganisationRequest) {
    return this.#changes.addOrganisation(request);
  }

  removeOrganisation(request: MembershipRequest) {
    return this.#changes.removeOrganisation(request);
  }

  addAuthority(request: MembershipRequest) {
    return this.#changes.addAuthority(request);
  }

  removeAuthority(request: MembershipRequest) {
    return this.#changes.removeAuthority(request);
  }

  upgradeContract(request: UpgradeRequest) {
    return this.#changes.upgradeContract(request);
  }

  block(peer: string, channel: string, number: number): Promise<Uint8Array> {
    return this.#nodes.ledger(peer, channel).store.block(number);
  }

  async openSnapshot(peer: string, channel: string): Promise<StateSnapshot> {
    return this.#snapshots.open(peer, this.#nodes.ledger(peer, channel).store);
  }

  stateRows(snapshot: number, after?: { namespace: string; key: string }): Promise<StatePage> {
    return this.#snapshots.page(snapshot, after);
  }

  closeSnapshot(snapshot: number): Promise<void> {
    return this.#snapshots.close(snapshot);
  }

  repair(id: string, channel?: string): Promise<readonly RepairReport[]> {
    return this.#whileStopped(this.#nodes.named(id), (node) => this.#repairs.repair(node, channel));
  }

  async rebuild(id: string, channel?: string): Promise<readonly RebuildReport[]> {
    const peer = this.#nodes.named(id);
    if (peer.kind !== 'peer') throw new LedgerError('UNKNOWN_NODE', `${id} is no peer: it keeps no state`);
    const channels = await this.#whileStopped(peer, () => this.#repairs.dropState(peer, channel));
    return this.#repairs.rebuilt(peer, channels);
  }

  counters() {
    return Promise.resolve({
      fsyncs: this.#counter.count,
      fsyncMs: this.#counter.takeDurations(),
      blocks: this.#nodes.blocks,
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#exclusively(async () => {
      for (const node of this.#network.nodes.toReversed()) await this.#stopNode(node.id);
    });
    await Promise.all(this.#verifiers.map((verifier) => verifier.close()));
  }

  /** A node that can no longer keep its promises is taken out; the others go on. */
  fail(id: string, error: unknown): void {
    this.#nodes.noteFailure(id, error);
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(`${id} is taken out: ${reason}`, { type: 'Ledger', code: 'LEDGER_NODE_FAILED' });
    void this.#exclusively(() => this.#stopNode(id));
  }

  /** A node whose files cannot be relied on stays out and the others go on; without any of its kind nothing can go on. */
  async #startAll(kind: NodeName['kind']): Promise<void> {
    const nodes = this.#network.nodes.filter((node) => node.kind === kind);
    const errors: unknown[] = [];
    for (const node of nodes) {
      await this.#nodes.start(node).catch((error: unknown) => {
        errors.push(error);
        this.fail(node.id, error);
      });
    }
    if (errors.length === nodes.length) {
      await this.close();
      throw errors[0];
    }
  }

  /** An orderer has committed a configuration: parts in ordering begin and end with it. */
  #followConfig(channelId: string): Promise<void> {
    return this.#exclusively(() =>
      this.#isClosed ? Promise.resolve() : this.#nodes.followConfig(channelId),
    );
  }

  async #startNode(node: NodeName): Promise<void> {
    try {
      await this.#nodes.start(node);
    } catch (error) {
      this.fail(node.id, error);
      throw error;
    }
  }

  /** Stops a node, works on its files, and starts it again; if the work fails, only where it had run. */
  #whileStopped<T>(node: NodeName, work: (node: NodeName) => Promise<T>): Promise<T> {
    return this.#exclusively(async () => {
      const hadRun = this.#nodes.isRunning(node.id);
      await this.#stopNode(node.id);
      try {
        const result = await work(node);
        await this.#startNode(node);
        return result;
      } catch (error) {
        if (hadRun && !this.#nodes.isRunning(node.id)) await this.#startNode(node).catch(() => undefined);
        throw error;
      }
    });
  }

  async #stopNode(id: string): Promise<void> {
    const running = this.#nodes.take(id);
    await this.#snapshots.closeAllOf(id);
    await running?.stop();
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(work);
    this.#changing = result.catch(() => undefined);
    return result;
  }
}
