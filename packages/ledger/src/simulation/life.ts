import { equalBytes } from '@healthchain/core';
import { isRefusedInput } from '../error.ts';
import { Authority } from '../ordering/authority.ts';
import { decodeBlock, encodeBlock, type RawBlock } from '../ordering/block.ts';
import type { BlockStore } from '../ordering/block-store.ts';
import { openFetched } from '../ordering/fetched.ts';
import type { Effect, Event } from '../ordering/machine.ts';
import {
  proposalKey,
  type Certificate,
  type FinalBlock,
  type Message,
  type Proposal,
} from '../ordering/messages.ts';
import { mustBeWellFormed } from '../ordering/parsed.ts';
import type { SigningRecord } from '../ordering/records.ts';
import type { SigningLog } from '../ordering/signing-log.ts';
import { StepRunner } from '../ordering/step-runner.ts';
import { decodeOrderingValue, makeProposal, openBlock, sealBlock } from '../ordering/turn-metadata.ts';
import { blockHeaderHash } from '../validation/index.ts';
import { DOWN_TIMEOUT_MS, TIMEOUT_MS, type Environment } from './environment.ts';
import type { SimulatedFiles } from './files.ts';
import { describeId } from './journal.ts';
import { makeBlock, WaitingRequests } from './requests.ts';
import { isCrash, maybeCutOff } from './sabotage.ts';
import { signBlock, signVote } from './signing.ts';

const CATCH_UP_DELAY_MS = 20;
const CHECK_MS = 2;
/** Requests in one block: any of those that wait, so that two proposers hardly ever make the same block. */
const MOST_IN_BLOCK = 3;

/** The folder of the signing log. */
export const SIGNING = 'signing';

/** The machine that a process runs on. */
export interface Host {
  readonly id: number;
  readonly files: SimulatedFiles;
  /** Ends the process; with `power`, what was not synced goes with it. */
  crash(power: boolean): void;
  /** The process must stop for an error of its own. */
  fails(error: unknown): void;
}

interface Stored {
  readonly store: BlockStore;
  readonly log: SigningLog;
  readonly records: readonly SigningRecord[];
}

const never = (): Promise<never> => new Promise(() => {});

/** One process of an authority: what ChannelOrderer does, with everything around it simulated. */
export class Life {
  readonly #node: Host;
  readonly #environment: Environment;
  readonly #store: BlockStore;
  readonly #log: SigningLog;
  readonly #authority: Authority;
  readonly #runner: StepRunner;
  readonly #pool = new WaitingRequests();
  #previousHash: Uint8Array;
  #timer = 0;
  #isFetching = false;
  #hasEnded = false;

  private constructor(node: Host, environment: Environment, disk: Stored, previousHash: Uint8Array) {
    this.#node = node;
    this.#environment = environment;
    this.#store = disk.store;
    this.#log = disk.log;
    this.#previousHash = previousHash;
    this.#runner = new StepRunner(
      (records) => this.#keep(records),
      (effect) => this.#perform(effect),
      (error) => this.#fail(error),
    );
    this.#authority = new Authority(
      { self: node.id, timeoutMs: TIMEOUT_MS, downTimeoutMs: DOWN_TIMEOUT_MS },
      {
        sign: (message) => environment.sign(node.id, message),
        signBlock: (proposal) => signBlock(environment, node.id, proposal),
        propose: (turn, certificate, repeat) => this.#propose(turn, certificate, repeat),
      },
      { height: disk.store.height, council: environment.council, records: disk.records },
    );
  }

  static async begin(node: Host, environment: Environment, disk: Stored): Promise<Life> {
    const last = decodeBlock(await disk.store.block(disk.store.height - 1));
    const life = new Life(node, environment, disk, blockHeaderHash(last.header));
    for (const bytes of await life.blocks(0))
      for (const envelope of decodeBlock(bytes).data) life.#pool.remove(envelope);
    life.#runner.take(life.#authority.resume());
    return life;
  }

  get height(): number {
    return this.#store.height;
  }

  end(): void {
    this.#hasEnded = true;
  }

  isPast(message: Message): boolean {
    return this.#authority.isPast(message);
  }

  handle(event: Event): void {
    if (!this.#hasEnded) this.#runner.take(this.#authority.handle(event));
  }

  request(envelope: Uint8Array): void {
    if (this.#pool.add(envelope)) this.handle({ kind: 'pending', requests: this.#pool.size });
  }

  async blocks(from: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = [];
    for (let number = from; number < this.#store.height; number++)
      found.push(await this.#store.block(number));
    return found;
  }

  // Steps

  async #keep(records: readonly SigningRecord[]): Promise<void> {
    this.#maybeCrash('before storing', this.#environment.plan.crash);
    if (this.#hasEnded) return never();
    if (this.#environment.rules.sendsBeforeStoring === true) {
      this.#environment.timeline.after(this.#environment.plan.diskMs, () => void this.#log.append(records));
      return;
    }
    await this.#log.append(records);
    this.#maybeCrash('between storing and sending', this.#environment.plan.crash);
    if (this.#hasEnded) return never();
  }

  async #perform(effect: Effect): Promise<void> {
    if (effect.kind !== 'timer') this.#maybeCrash(`before ${effect.kind}`, this.#environment.plan.crash);
    if (this.#hasEnded) return never();
    if (effect.kind === 'send') this.#send(effect.to, effect.message);
    else if (effect.kind === 'check') this.#check(effect.proposal);
    else if (effect.kind === 'decide') await this.#decide(effect.final);
    else if (effect.kind === 'timer') this.#setTimer(effect);
    else if (effect.kind === 'catchUp') this.#fetchSoon(effect.from);
    else {
      this.#environment.journal.fault('evidence', () => `${this.#node.id} accuses ${effect.authority}`);
      this.#environment.promises.accused(effect);
    }
  }

  #maybeCrash(point: string, probability: number): void {
    if (this.#hasEnded || !isCrash(this.#environment, point, probability)) return;
    this.end();
    this.#node.crash(this.#environment.random.chance(this.#environment.plan.powerShare));
  }

  #send(to: number | 'others', message: Message): void {
    const { promises, network, rules, plan } = this.#environment;
    const said = rules.hidesSigned === true ? this.#withoutSigned(message) : message;
    promises.sends(this.#node.id, said, this.#node.files.isSynced(SIGNING));
    network.send(this.#node.id, to, said);
    const { kind, probability } = plan.crashAfter;
    if (message.kind === kind) this.#maybeCrash(`after sending ${kind}`, probability);
  }

  #withoutSigned(message: Message): Message {
    if (message.kind !== 'vote' || message.vote.last === undefined) return message;
    const vote = signVote(this.#environment, { ...message.vote, last: undefined });
    return { kind: 'vote', vote, block: undefined };
  }

  #setTimer({ height, turn, afterMs }: Extract<Effect, { kind: 'timer' }>): void {
    const timer = ++this.#timer;
    this.#environment.timeline.after(afterMs, () => {
      if (timer === this.#timer) this.handle({ kind: 'timer', height, turn });
    });
  }

  // Blocks

  #propose(
    turn: number,
    certificate: Certificate | undefined,
    repeat: RawBlock | undefined,
  ): Proposal | undefined {
    const height = this.#store.height;
    if (repeat !== undefined)
      return makeProposal(repeat.header, repeat.data, { lastConfig: 0, turn, height, certificate });
    const { random } = this.#environment;
    const data = random.sample(this.#pool.all(), 1 + random.below(MOST_IN_BLOCK));
    return data.length === 0 ? undefined : makeBlock(this.#previousHash, data, { height, turn, certificate });
  }

  #check(proposal: Proposal): void {
    const isValid = this.#isAcceptable(proposal);
    this.#environment.timeline.after(CHECK_MS, () => {
      if (isValid && this.#environment.rules.isOnePhase === true) this.#makeUpAcknowledgements(proposal);
      this.handle({ kind: 'checked', key: proposalKey(proposal), isValid });
    });
  }

  #isAcceptable({ block, value }: Proposal): boolean {
    try {
      mustBeWellFormed(block.header.number, block.data);
    } catch {
      return false;
    }
    return (
      equalBytes(block.header.previousHash, this.#previousHash) &&
      decodeOrderingValue(value).lastConfig === 0 &&
      block.data.every((envelope) => this.#environment.isRequest(envelope))
    );
  }

  #makeUpAcknowledgements(proposal: Proposal): void {
    const { height, turn, headerHash, valueHash } = proposal;
    const message: Message = {
      kind: 'acknowledgement',
      id: { height, turn, headerHash, valueHash },
      signature: new Uint8Array(),
    };
    for (const from of this.#environment.council.authorities)
      if (from !== this.#node.id) this.handle({ kind: 'message', from, message });
  }

  async #decide(final: FinalBlock): Promise<void> {
    if (final.height !== this.#store.height) return;
    maybeCutOff(this.#environment, this.#node.id, final.height);
    await this.#append(encodeBlock(sealBlock(final)));
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const block = decodeBlock(bytes);
    const number = Number(block.header.number);
    this.handle({ kind: 'final', height: number });
    await this.#store.append(number, [bytes]);
    this.#environment.journal.note(() => `${this.#node.id} has block ${describeId(openBlock(block))}`);
    await this.#environment.promises.stored(this.#node.id, number, bytes);
    this.#previousHash = blockHeaderHash(block.header);
    for (const envelope of block.data) this.#pool.remove(envelope);
    if (this.#log.isLarge) {
      await this.#store.sync();
      await this.#log.rotate(this.#store.height);
    }
    const { council } = this.#environment;
    this.handle({ kind: 'committed', height: number + 1, council, requests: this.#pool.size });
  }

  #fetchSoon(from: number): void {
    if (this.#isFetching) return;
    this.#isFetching = true;
    const { timeline, network } = this.#environment;
    const there = network.delay(this.#node.id, from) ?? TIMEOUT_MS;
    timeline.after(CATCH_UP_DELAY_MS + there, () => {
      this.#isFetching = false;
      if (!this.#hasEnded) this.#fetch(from).catch((error: unknown) => this.#failUnlessRefused(error));
    });
  }

  async #fetch(from: number): Promise<void> {
    for (const bytes of await this.#environment.fetch(this.#node.id, from, this.#store.height)) {
      const number = Number(decodeBlock(bytes).header.number);
      if (number < this.#store.height) continue;
      const { council, verifier } = this.#environment;
      const block = await openFetched(council, verifier, this.#previousHash, bytes);
      await this.#runner.between(async () => {
        if (number === this.#store.height && !this.#hasEnded) await this.#append(encodeBlock(block));
      });
    }
  }

  #failUnlessRefused(error: unknown): void {
    if (!isRefusedInput(error)) this.#fail(error);
  }

  #fail(error: unknown): void {
    if (!this.#hasEnded) this.#node.fails(error);
  }
}
