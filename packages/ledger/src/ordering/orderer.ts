import { equalBytes } from '@healthchain/core';
import type { ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { blockHeaderHash } from '../validation/index.ts';
import { admit, admitConfigUpdate, isRefusal, requestKey, Status, type Refusal } from './admission.ts';
import { Authority } from './authority.ts';
import type { Effect, Event } from './machine.ts';
import { isAuthentic } from './authentic.ts';
import { decodeBlock, encodeBlock, type RawBlock } from './block.ts';
import type { BlockStore } from './block-store.ts';
import { configFromBlockOnce, configFromEnvelopeOnce } from './configs.ts';
import { checkFinality, councilOf, type ConsenterCouncil } from './council.ts';
import { HeaderType, type SigningIdentity } from './envelope.ts';
import {
  proposalKey,
  signatureNonce,
  type Certificate,
  type FinalBlock,
  type Message,
  type Proposal,
} from './messages.ts';
import { dataHashOnce, mustBeWellFormed, parsedOnce } from './parsed.ts';
import { RequestPool } from './pool.ts';
import type { SigningRecord } from './records.ts';
import type { SigningLog } from './signing-log.ts';
import { StepRunner } from './step-runner.ts';
import {
  decodeOrderingValue,
  encodeIdentifierHeader,
  finalSignatureBytes,
  makeProposal,
  openBlock,
  sealBlock,
} from './turn-metadata.ts';

/** How authorities of one channel reach each other; delivery is not promised. */
export interface OrderingNetwork {
  send(from: number, to: number | 'others', message: Message): void;
  /** Final blocks of another authority from `height` on; empty when it cannot be reached. */
  blocks(from: number, height: number): AsyncIterable<Uint8Array>;
}

export interface OrdererSettings {
  readonly self: number;
  readonly signer: SigningIdentity;
  readonly verifier: Verifier;
  readonly network: OrderingNetwork;
  readonly clock: () => Date;
  readonly timeoutMs: number;
  readonly downTimeoutMs: number;
  /** Called with every block once it is final here. */
  readonly onBlock: (number: number, bytes: Uint8Array, block: RawBlock) => void;
  readonly onEvidence: (effect: Extract<Effect, { kind: 'evidence' }>) => void;
  /** The node can no longer keep its promises (its disk fails): it must stop. */
  readonly onFailure: (error: unknown) => void;
}

/** How long a message from a later height may announce a block that is just arriving here too. */
const CATCH_UP_DELAY_MS = 50;

/** One orderer's part in one channel: requests in, final blocks out. */
export class ChannelOrderer {
  readonly #settings: OrdererSettings;
  readonly #store: BlockStore;
  readonly #log: SigningLog;
  readonly #pool = new RequestPool();
  readonly #authority: Authority;
  #config: ChannelConfig;
  #council: ConsenterCouncil;
  #lastConfig: number;
  #previousHash: Uint8Array;
  readonly #runner: StepRunner;
  #timer: NodeJS.Timeout | undefined;
  #catchingUp = false;
  #isPendingTold = false;
  #stopped = false;

  private constructor(
    settings: OrdererSettings,
    store: BlockStore,
    log: SigningLog,
    start: {
      config: ChannelConfig;
      lastConfig: number;
      previousHash: Uint8Array;
      records: readonly SigningRecord[];
    },
  ) {
    this.#settings = settings;
    this.#store = store;
    this.#log = log;
    this.#config = start.config;
    this.#council = councilOf(start.config);
    this.#lastConfig = start.lastConfig;
    this.#previousHash = start.previousHash;
    this.#runner = new StepRunner(
      (records) => log.append(records),
      (effect) => this.#perform(effect),
      (error) => this.#fail(error),
    );
    const { self, timeoutMs, downTimeoutMs } = settings;
    this.#authority = new Authority(
      { self, timeoutMs, downTimeoutMs },
      {
        sign: (message) => settings.signer.sign(message),
        signBlock: (proposal) => this.#signBlock(proposal),
        propose: (turn, certificate, repeat) => this.#propose(turn, certificate, repeat),
      },
      { height: store.height, council: this.#council, records: start.records },
    );
  }

  /** The store must hold block 0 at least. */
  static async start(
    settings: OrdererSettings,
    store: BlockStore,
    log: SigningLog,
    records: readonly SigningRecord[],
  ): Promise<ChannelOrderer> {
    const last = decodeBlock(await store.block(store.height - 1));
    const lastConfig = last.header.number === 0n ? 0 : decodeOrderingValue(openBlock(last).value).lastConfig;
    const config = configFromBlockOnce(await store.block(lastConfig));
    const previousHash = blockHeaderHash(last.header);
    const orderer = new ChannelOrderer(settings, store, log, { config, lastConfig, previousHash, records });
    orderer.#runner.take(orderer.#authority.resume());
    return orderer;
  }

  get height(): number {
    return this.#store.height;
  }

  get config(): ChannelConfig {
    return this.#config;
  }

  get headerHash(): Uint8Array {
    return this.#previousHash;
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

  /** Fabric's Broadcast: SUCCESS means that the request waits here, nothing more. */
  async broadcast(envelope: Uint8Array): Promise<Refusal> {
    if (this.#stopped) return { status: Status.SERVICE_UNAVAILABLE, info: 'the orderer is stopped' };
    if (this.#pool.isFull)
      return { status: Status.SERVICE_UNAVAILABLE, info: 'too many requests are waiting' };
    const context = { config: this.#config, verifier: this.#settings.verifier, at: this.#settings.clock() };
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

  receive(from: number, message: Message): void {
    if (this.#stopped) return;
    isAuthentic(this.#council, this.#settings.verifier, from, message).then(
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

  #propose(
    turn: number,
    certificate: Certificate | undefined,
    repeat: RawBlock | undefined,
  ): Proposal | undefined {
    const height = this.#store.height;
    const data = repeat?.data ?? this.#pool.batch(this.#config.batch).map((request) => request.envelope);
    if (data.length === 0) return undefined;
    const header = repeat?.header ?? {
      number: BigInt(height),
      previousHash: this.#previousHash,
      dataHash: dataHashOnce(data),
    };
    const lastConfig = isConfigBlock(data) ? height : this.#lastConfig;
    return makeProposal(header, data, { lastConfig, turn, height, certificate });
  }

  #signBlock(proposal: Proposal): { identifierHeader: Uint8Array; signature: Uint8Array } {
    const { self, signer } = this.#settings;
    const identifierHeader = encodeIdentifierHeader(self, signatureNonce(proposal, self));
    const bytes = finalSignatureBytes(proposal.value, identifierHeader, proposal.block.header);
    return { identifierHeader, signature: signer.sign(bytes) };
  }

  #check(proposal: Proposal): void {
    this.#isAcceptable(proposal).then(
      (isValid) => this.#handle({ kind: 'checked', key: proposalKey(proposal), isValid }),
      (error: unknown) => this.#fail(error),
    );
  }

  /** Everything of a proposal that its signatures do not say. */
  async #isAcceptable(proposal: Proposal): Promise<boolean> {
    const { header, data } = proposal.block;
    const hasConfig = isConfigBlock(data);
    const expectedConfig = hasConfig ? proposal.height : this.#lastConfig;
    if (!equalBytes(header.previousHash, this.#previousHash)) return false;
    if (decodeOrderingValue(proposal.value).lastConfig !== expectedConfig) return false;
    if (hasConfig && data.length > 1) return false;
    try {
      mustBeWellFormed(header.number, data);
    } catch {
      return false;
    }
    const context = { config: this.#config, verifier: this.#settings.verifier, at: undefined };
    const unknown = data.filter((envelope) => this.#pool.get(requestKey(envelope))?.envelope !== envelope);
    const results = await Promise.all(unknown.map((envelope) => admit(context, envelope)));
    return !results.some(isRefusal);
  }

  async #decide(final: FinalBlock): Promise<void> {
    if (final.height !== this.#store.height) return;
    const block = sealBlock(final);
    await this.#append(block, encodeBlock(block));
  }

  async #append(block: RawBlock, bytes: Uint8Array): Promise<void> {
    const number = Number(block.header.number);
    await this.#store.append(number, bytes);
    this.#previousHash = blockHeaderHash(block.header);
    for (const envelope of block.data) this.#pool.remove(requestKey(envelope));
    if (isConfigBlock(block.data)) await this.#configure(number, block);
    this.#settings.onBlock(number, bytes, block);
    if (this.#log.isLarge) {
      await this.#store.sync();
      await this.#log.rotate();
    }
    this.#handle({
      kind: 'committed',
      height: number + 1,
      council: this.#council,
      requests: this.#pool.size,
    });
  }

  /** A new configuration is in force; what waits is admitted again under it. */
  async #configure(number: number, block: RawBlock): Promise<void> {
    const [envelope] = block.data;
    if (envelope === undefined) return;
    this.#config = configFromEnvelopeOnce(this.#config.channelId, parsedOnce(envelope).data);
    this.#council = councilOf(this.#config);
    this.#lastConfig = number;
    const context = { config: this.#config, verifier: this.#settings.verifier, at: this.#settings.clock() };
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
      const block = decodeBlock(bytes);
      const number = Number(block.header.number);
      if (number < this.#store.height) continue;
      if (!equalBytes(block.header.previousHash, this.#previousHash)) {
        throw new LedgerError('OUT_OF_ORDER', `Block ${number} of authority ${from} does not follow`);
      }
      await checkFinality(this.#council, this.#settings.verifier, openBlock(block));
      await this.#runner.between(async () => {
        if (number === this.#store.height) await this.#append(block, bytes);
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

function isConfigBlock(data: readonly Uint8Array[]): boolean {
  const [first] = data;
  return first !== undefined && parsedOnce(first).type === HeaderType.config;
}
