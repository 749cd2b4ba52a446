import { equalBytes } from '@healthchain/core';
import { isAuthentic } from '../ordering/authentic.ts';
import { decodeBlock } from '../ordering/block.ts';
import type { Message } from '../ordering/messages.ts';
import { toleratedFaults } from '../ordering/quorum.ts';
import { blockHeaderHash } from '../validation/index.ts';
import { TIMEOUT_MS, type Environment } from './environment.ts';
import { drawPlan, type FaultPlan } from './faults.ts';
import { LARGE_FILES, SMALL_FILES } from './files.ts';
import { Journal } from './journal.ts';
import { makeKeys } from './keys.ts';
import { drawLiar, Liar, type LiarSettings } from './liar.ts';
import { Network } from './network.ts';
import { AuthorityNode } from './node.ts';
import { Promises, type BrokenPromise } from './promises.ts';
import { Random } from './random.ts';
import { makeGenesis, makeRequest, requestKey } from './requests.ts';
import { believingAcknowledgements, TRUE_RULES } from './rules.ts';
import type { ScheduleOptions } from './schedule.ts';
import { Timeline } from './timeline.ts';

/** Within so many timeouts of a turn everything must be decided once nothing fails any more. */
const PROGRESS_TIMEOUTS = 400;
/** A schedule with more is a storm: authorities that answer each other without end. Usual are one or two thousand. */
const MAX_EVENTS = 1_000_000;

/** Resolves when everything that was begun has got as far as it can without the clock. */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** The authorities of one schedule, honest and lying, and everything around them. */
export class World {
  readonly nodes: readonly AuthorityNode[];
  readonly #liars: Liar[] = [];
  readonly #liarSettings: ReadonlyMap<number, LiarSettings>;
  readonly #random: Random;
  readonly #timeline = new Timeline();
  readonly #plan: FaultPlan;
  readonly #journal: Journal;
  readonly #promises: Promises;
  readonly #network: Network;
  readonly #environment: Environment;
  readonly #requests: Uint8Array[] = [];
  readonly #known = new Set<string>();
  readonly #authentic = new WeakMap<Message, Map<number, Promise<boolean>>>();
  #isFaulty = true;
  events = 0;

  constructor(options: ScheduleOptions) {
    const random = new Random(options.seed);
    this.#random = random;
    const keys = makeKeys(options.signatures, options.authorities);
    const { council } = keys;
    const rules = options.rules ?? TRUE_RULES;
    const verifier = rules.isOnePhase === true ? believingAcknowledgements(keys.verifier) : keys.verifier;
    this.#liarSettings = options.liars ?? drawLiars(random, council.authorities);
    const honest = council.authorities.filter((id) => !this.#liarSettings.has(id));
    this.#plan = options.plan ?? drawPlan(random.fork(), council.authorities, honest);
    this.#journal = new Journal(() => this.#timeline.now, options.trace);
    const liars = new Set(this.#liarSettings.keys());
    this.#promises = new Promises(council, verifier, liars, options.ignored ?? []);
    const genesis = makeGenesis();
    this.#promises.genesis(genesis.headerHash, genesis.bytes);
    this.#network = new Network(random.fork(), this.#timeline, this.#plan, this.#journal, liars);
    this.#environment = {
      liars,
      council,
      verifier,
      sign: (authority, message) => keys.sign(authority, message),
      random: random.fork(),
      timeline: this.#timeline,
      network: this.#network,
      plan: this.#plan,
      disk: options.signatures === 'ecdsa' ? LARGE_FILES : SMALL_FILES,
      rules,
      promises: this.#promises,
      journal: this.#journal,
      isFaulty: () => this.#isFaulty,
      isAuthentic: (from, message) => this.#isAuthentic(from, message),
      cutPower: (authority) => this.nodes.find(({ id }) => id === authority)?.crash(true),
      tellLinks: (authority, isUp) => this.#tellLinks(authority, isUp),
      fetch: (by, from, height) => this.#fetch(by, from, height),
      mint: (text) => this.#mint(text),
      isRequest: (envelope) => this.#known.has(requestKey(envelope)),
    };
    this.nodes = honest.map((id) => new AuthorityNode(id, this.#environment, this.#requests));
    for (const node of this.nodes)
      this.#network.join(node.id, (from, message) => node.receive(from, message));
  }

  get liars(): number {
    return this.#liarSettings.size;
  }

  /** Final blocks, without block 0. */
  get blocks(): number {
    return this.#promises.height - 1;
  }

  get faults(): ReadonlyMap<string, number> {
    return this.#journal.faults;
  }

  get broken(): BrokenPromise | undefined {
    return this.#promises.broken;
  }

  async begin(): Promise<void> {
    for (const node of this.nodes) void node.start();
    await this.runUntil(TIMEOUT_MS, () => this.nodes.every(({ isUp }) => isUp));
    const salt = this.#random.below(2 ** 30);
    const sideOf = (authority: number, height: number): number =>
      new Random(salt + authority * 1009 + height).below(2);
    for (const [id, settings] of this.#liarSettings) {
      const liar = new Liar(id, this.#environment, settings, sideOf);
      this.#liars.push(liar);
      this.#network.join(id, (from, message) => liar.receive(from, message));
    }
  }

  /** The part of the schedule in which things fail. */
  async disturb(): Promise<void> {
    const { endMs, partitions, slownesses, crashes, requests } = this.#plan;
    for (const at of requests) this.#timeline.after(at, () => this.request());
    for (const { at, forMs, groups } of partitions) {
      this.#timeline.after(at, () => this.split(groups));
      this.#timeline.after(at + forMs, () => this.split(new Map()));
    }
    for (const { at, forMs, authority, factor } of slownesses) {
      this.#timeline.after(at, () => this.#slow(authority, factor));
      this.#timeline.after(at + forMs, () => this.#network.slow(authority, 1));
    }
    for (const { at, authority } of crashes) this.#timeline.after(at, () => this.crash(authority));
    await this.runUntil(endMs);
  }

  /** Ends the faults; lies go on. Returns after how many timeouts everything was decided everywhere. */
  async recover(): Promise<number> {
    this.#isFaulty = false;
    this.#network.isFaulty = false;
    this.#journal.note(() => 'the faults end');
    const begun = this.#timeline.now;
    for (const node of this.nodes) void node.start();
    this.request();
    const limit = begun + PROGRESS_TIMEOUTS * TIMEOUT_MS;
    await this.runUntil(limit, () => this.#isAllDecided());
    if (this.broken === undefined && !this.#isAllDecided()) this.#tellWhatIsMissing();
    return (this.#timeline.now - begun) / TIMEOUT_MS;
  }

  /** Reads every final block back from every log. */
  async check(): Promise<void> {
    for (const node of this.nodes) {
      if (this.broken !== undefined) return;
      const stored = await node.blocks(0);
      for (let number = 0; number < this.#promises.height; number++) {
        const bytes = stored[number];
        const hash = bytes === undefined ? new Uint8Array() : blockHeaderHash(decodeBlock(bytes).header);
        if (!equalBytes(hash, this.#promises.final(number) as Uint8Array))
          this.#promises.breaks('LOST', `block ${number} is not in the log of ${node.id}`);
      }
    }
  }

  async runUntil(until: number, isDone: () => boolean = () => false): Promise<void> {
    while (this.broken === undefined && !isDone()) {
      const run = this.#timeline.advance(until);
      if (run === undefined) return;
      run();
      this.events += 1;
      if (this.events > MAX_EVENTS) this.#promises.breaks('NO_PROGRESS', `no end after ${MAX_EVENTS} events`);
      await settled();
    }
  }

  /** A client hands a request to every authority. */
  request(): void {
    const envelope = this.#mint(`request ${this.#requests.length}`);
    this.#requests.push(envelope);
    for (const receiver of [...this.nodes, ...this.#liars])
      this.#timeline.after(this.#random.between(0, this.#plan.delayMs), () => receiver.request(envelope));
  }

  #mint(text: string): Uint8Array {
    const envelope = makeRequest(text);
    this.#known.add(requestKey(envelope));
    return envelope;
  }

  crash(authority: number | 'all'): void {
    const power = this.#random.chance(this.#plan.powerShare);
    if (authority === 'all') this.#journal.fault('crash of all');
    for (const node of this.nodes) if (authority === 'all' || authority === node.id) node.crash(power);
  }

  split(groups: ReadonlyMap<number, number>): void {
    if (groups.size > 0) this.#journal.fault('partition', () => `partition ${[...groups].join(' ')}`);
    this.#network.split(groups);
  }

  #slow(authority: number, factor: number): void {
    this.#journal.fault('slow authority', () => `${authority} is slow`);
    this.#network.slow(authority, factor);
  }

  #isAllDecided(): boolean {
    const { height } = this.#promises;
    return (
      this.nodes.every((node) => node.height === height) &&
      this.#requests.every((request) => this.#promises.holds(request))
    );
  }

  #tellWhatIsMissing(): void {
    const heights = this.nodes.map(({ id, height }) => `${id} at ${height}`).join(', ');
    const isLost = this.nodes.every(({ height }) => height < this.#promises.height);
    this.#promises.breaks(
      isLost ? 'LOST' : 'NO_PROGRESS',
      `after ${PROGRESS_TIMEOUTS} timeouts: ${heights}, of ${this.#promises.height}`,
    );
  }

  #isAuthentic(from: number, message: Message): Promise<boolean> {
    const outcomes = this.#authentic.get(message) ?? new Map<number, Promise<boolean>>();
    this.#authentic.set(message, outcomes);
    const { council, verifier } = this.#environment;
    const outcome = outcomes.get(from) ?? isAuthentic(council, verifier, from, message);
    outcomes.set(from, outcome);
    return outcome;
  }

  #tellLinks(authority: number, isUp: boolean): void {
    if (!this.#plan.tellsLinks) return;
    for (const node of this.nodes) if (node.id !== authority) node.setLink(authority, isUp);
  }

  async #fetch(by: number, from: number, height: number): Promise<Uint8Array[]> {
    if (this.#isFaulty && !this.#network.areConnected(by, from)) return [];
    const liar = this.#liars.find(({ id }) => id === from);
    if (liar !== undefined) return liar.blocks(height);
    return this.nodes.find(({ id }) => id === from)?.blocks(height) ?? [];
  }
}

/** As many as the council tolerates, in one schedule of five fewer. */
function drawLiars(random: Random, authorities: readonly number[]): ReadonlyMap<number, LiarSettings> {
  const most = toleratedFaults(authorities.length);
  const count = random.chance(0.2) ? random.below(most + 1) : most;
  return new Map(random.sample(authorities, count).map((id) => [id, drawLiar(random)]));
}
