import type { ChannelConfig } from '../config/index.ts';
import { LedgerError } from '../error.ts';
import { admit, admitConfigUpdate, isRefusal, requestKey, Status, type Refusal } from './admission.ts';
import { isAuthentic } from './authentic.ts';
import { Authority } from './authority.ts';
import { blockParts, decodeBlock, type RawBlock } from './block.ts';
import { BlockFollowers } from './block-followers.ts';
import type { BlockStore } from './block-store.ts';
import { tipAfter, tipOf, type ChainTip } from './chain-tip.ts';
import { councilOf, type ConsenterCouncil } from './council.ts';
import { HeaderType } from './envelope.ts';
import { openFetched } from './fetched.ts';
import type { Effect, Event } from './machine.ts';
import { proposalKey, type FinalBlock, type Message, type Proposal } from './messages.ts';
import type { OrdererSettings } from './orderer-settings.ts';
import { parsedOnce } from './parsed.ts';
import { RequestPool } from './pool.ts';
import { isAcceptable, nextProposal, signProposal } from './proposals.ts';
import type { SigningRecord } from './records.ts';
import type { SigningLog } from './signing-log.ts';
import { StepRunner } from './step-runner.ts';
import { sealBlock } from './turn-metadata.ts';

/** How long a message from a later height may announce a block that is just arriving here too. */
const CATCH_UP_DELAY_MS = 50;

/** One orderer's part in one channel: requests in, final blocks out. */
export class ChannelOrderer {
  readonly #settings: OrdererSettings;
  readonly #store: BlockStore;
  readonly #log: SigningLog;
  readonly #pool = new RequestPool();
  readonly #authority: Authority;
  #tip: ChainTip;
  readonly #followers: BlockFollowers;
  readonly #runner: StepRunner;
  #timer: NodeJS.Timeout | undefined;
  #catchingUp = false;
  #isPendingTold = false;
  #stopped = false;

  private constructor(
    settings: OrdererSettings,
    store: BlockStore,
    log: SigningLog,
    tip: ChainTip,
    records: readonly SigningRecord[],
  ) {
    this.#settings = settings;
    this.#store = store;
    this.#log = log;
    this.#tip = tip;
    this.#followers = new BlockFollowers(store);
    this.#runner = new StepRunner(
      (records) => log.append(records),
      (effect) => this.#perform(effect),
      (error) => this.#fail(error),
    );
    const { self, signer, timeoutMs, downTimeoutMs } = settings;
    this.#authority = new Authority(
      { self, timeoutMs, downTimeoutMs },
      {
        sign: (message) => signer.sign(message),
        signBlock: (proposal) => signProposal(self, signer, proposal),
        propose: (turn, certificate, repeat) =>
          nextProposal(this.#tip, this.#pool, { turn, certificate, repeat }),
      },
      { height: store.height, council: this.#council, records },
    );
  }

  /** The store must hold block 0 at least. */
  static async start(
    settings: OrdererSettings,
    store: BlockStore,
    log: SigningLog,
    records: readonly SigningRecord[],
  ): Promise<ChannelOrderer> {
    const orderer = new ChannelOrderer(settings, store, log, await tipOf(store), records);
    orderer.#runner.take(orderer.#authority.resume());
    return orderer;
  }

  get #council(): ConsenterCouncil {
    return councilOf(this.#tip.config);
  }

  get height(): number {
    return this.#store.height;
  }

  get config(): ChannelConfig {
    return this.#tip.config;
  }

  get headerHash(): Uint8Array {
    return this.#tip.previousHash;
  }

  get waiting(): number {
    return this.#pool.size;
  }

  get store(): BlockStore {
    return this.#store;
  }

  get syncs(): number {
    return this.#log.syncs;
  }

  /** Blocks from `from` on, waiting for the next; ends when `signal` does or the orderer stops. */
  follow(from: number, signal: AbortSignal) {
    return this.#followers.follow(from, signal);
  }

  /** Fabric's Broadcast: SUCCESS means that the request waits here, nothing more. */
  async broadcast(envelope: Uint8Array): Promise<Refusal> {
    if (this.#stopped) return { status: Status.SERVICE_UNAVAILABLE, info: 'the orderer is stopped' };
    if (this.#pool.isFull)
      return { status: Status.SERVICE_UNAVAILABLE, info: 'too many requests are waiting' };
    const context = this.#admission();
    const isUpdate = parsedOnce(envelope).type === HeaderType.configUpdate;
    const result = isUpdate
      ? await admitConfigUpdate(context, this.#settings.signer, envelope)
      : await admit(context, envelope);
    if (isRefusal(result)) return result;
    if (!this.#pool.add(result)) {
      return { status: Status.SERVICE_UNAVAILABLE, info: 'failed to submit request: request already exists' };
    }
    this.#tellPending();
    return { status: Status.SUCCESS, info: '' };
  }

  #admission() {
    return { config: this.#tip.config, verifier: this.#settings.verifier, at: this.#settings.clock() };
  }

  receive(from: number, message: Message): void {
    if (this.#stopped) return;
    const isHeard = this.#authority.isPast(message)
      ? Promise.resolve(true)
      : isAuthentic(this.#council, this.#settings.verifier, from, message);
    isHeard.then(
      (isTrue) => {
        if (isTrue) this.#handle({ kind: 'message', from, message });
      },
      (error: unknown) => {
        if (!(error instanceof LedgerError)) this.#fail(error);
      },
    );
  }

  setLink(authority: number, isUp: boolean): void {
    this.#handle({ kind: 'link', authority, isUp });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#followers.end();
    clearTimeout(this.#timer);
    await this.#runner.idle();
    await this.#store.close();
    await this.#log.close();
  }

  // The machine and its effects

  #handle(event: Event): void {
    if (!this.#stopped) this.#runner.take(this.#authority.handle(event));
  }

  async #perform(effect: Effect): Promise<void> {
    if (this.#stopped) return;
    if (effect.kind === 'send') this.#settings.network.send(this.#settings.self, effect.to, effect.message);
    else if (effect.kind === 'check') this.#check(effect.proposal);
    else if (effect.kind === 'decide') await this.#decide(effect.final);
    else if (effect.kind === 'timer') this.#setTimer(effect);
    else if (effect.kind === 'catchUp') this.#scheduleCatchUp(effect.from, effect.height);
    else this.#settings.onEvidence(effect);
  }

  #setTimer({ height, turn, afterMs }: Extract<Effect, { kind: 'timer' }>): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#handle({ kind: 'timer', height, turn }), afterMs);
  }

  #tellPending(): void {
    if (this.#isPendingTold) return;
    this.#isPendingTold = true;
    setImmediate(() => {
      this.#isPendingTold = false;
      this.#handle({ kind: 'pending', requests: this.#pool.size });
    });
  }

  // Blocks

  #check(proposal: Proposal): void {
    isAcceptable(this.#tip, this.#pool, this.#settings.verifier, proposal).then(
      (isValid) => this.#handle({ kind: 'checked', key: proposalKey(proposal), isValid }),
      (error: unknown) => this.#fail(error),
    );
  }

  async #decide(final: FinalBlock): Promise<void> {
    if (final.height !== this.#store.height) return;
    await this.#append(sealBlock(final));
  }

  async #append(block: RawBlock): Promise<void> {
    const number = Number(block.header.number);
    const parts = blockParts(block);
    this.#handle({ kind: 'final', height: number });
    await this.#store.append(number, parts);
    const { config } = this.#tip;
    this.#tip = tipAfter(this.#tip, block);
    for (const envelope of block.data) this.#pool.remove(requestKey(envelope));
    if (this.#tip.config !== config) await this.#admitAgain();
    this.#settings.onBlock({ number, parts, block });
    this.#followers.note();
    if (this.#log.isLarge) {
      await this.#store.sync();
      await this.#log.rotate(this.#store.height);
    }
    this.#handle({
      kind: 'committed',
      height: number + 1,
      council: this.#council,
      requests: this.#pool.size,
    });
  }

  /** Another configuration is in force: what waits must be allowed by it. */
  async #admitAgain(): Promise<void> {
    const context = this.#admission();
    for (const request of this.#pool.all()) {
      const result = await admit(context, request.envelope);
      if (isRefusal(result)) this.#pool.remove(request.key);
    }
  }

  #scheduleCatchUp(from: number, height: number): void {
    if (this.#catchingUp || this.#stopped) return;
    this.#catchingUp = true;
    setTimeout(() => {
      this.#catchUp(from, height)
        .catch((error: unknown) => {
          if (!(error instanceof LedgerError)) this.#fail(error);
        })
        .finally(() => {
          this.#catchingUp = false;
        });
    }, CATCH_UP_DELAY_MS);
  }

  async #catchUp(from: number, height: number): Promise<void> {
    if (this.#store.height >= height || this.#stopped) return;
    for await (const bytes of this.#settings.network.blocks(from, this.#store.height)) {
      if (this.#stopped) return;
      const number = Number(decodeBlock(bytes).header.number);
      if (number < this.#store.height) continue;
      const checked = await openFetched(
        this.#council,
        this.#settings.verifier,
        this.#tip.previousHash,
        bytes,
      );
      await this.#runner.between(async () => {
        if (number === this.#store.height) await this.#append(checked);
      });
    }
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#settings.onFailure(error);
  }
}
