import { setTimeout as delay } from 'node:timers/promises';
import { toHex } from '@healthchain/core';
import { decodeBlock, type DecodedBlock } from '@healthchain/ledger';
import type { ExchangeLog, GatewayEndpoint } from '../context.ts';
import type { GatewayPool } from '../sessions/pool.ts';
import type { LedgerSession } from '../sessions/session.ts';

/** Pause before the next gateway is tried after a stream ended. */
const RECONNECT_MS = 200;
/** A stream that shows nothing for this long, although a later block is known to exist, is left for another gateway. */
const STALL_MS = 1_000;
/** While a fallback is followed, how often the own peer is looked at. */
const RETURN_CHECK_MS = 2_000;

export interface Position {
  readonly number: number;
  readonly headerHash: string;
}

export interface FollowerOptions {
  readonly session: LedgerSession;
  readonly pool: GatewayPool;
  readonly ownMspId: string;
  /** False: the own organisation's peer alone is followed, so that what is applied is what that peer has committed. */
  readonly fallback: boolean;
  /** The last block applied; undefined before the first. Read once, at start. */
  readonly position: Position | undefined;
  /** Applies the block and moves the position in one transaction. Blocks come in order, without gaps. */
  readonly apply: (block: DecodedBlock, raw: () => Uint8Array) => void;
  readonly log: ExchangeLog;
}

/**
 * Follows one channel's blocks for as long as it runs: from the own peer, or from any peer that answers. A block that does not
 * continue the chain that was applied raises an alarm and is applied by nobody.
 */
export class BlockFollower {
  readonly #options: FollowerOptions;
  readonly #stop = new AbortController();
  #position: Position | undefined;
  #close: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #lastBlockAt = 0;
  #waiters: { readonly number: number; readonly resolve: () => void }[] = [];

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#position = options.position;
  }

  get position(): Position | undefined {
    return this.#position;
  }

  get number(): number {
    return this.#position?.number ?? -1;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#close?.();
    await this.#running;
  }

  /** Resolves when block `number` is applied; rejects when `signal` aborts first. */
  async applied(number: number, signal: AbortSignal): Promise<void> {
    if (this.number >= number) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { number, resolve };
    this.#waiters.push(waiter);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    try {
      await promise;
    } finally {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      for (const endpoint of this.#endpoints()) {
        await this.#follow(endpoint);
        if (this.#stop.signal.aborted) return;
      }
      await delay(RECONNECT_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  #endpoints(): readonly GatewayEndpoint[] {
    const { pool, fallback, ownMspId, session } = this.#options;
    return pool.inOrder(session.channel, fallback ? undefined : ownMspId);
  }

  /** Returns when the stream ended, stalled, or the own peer is to be followed again. */
  async #follow(endpoint: GatewayEndpoint): Promise<void> {
    const { session, pool, log } = this.#options;
    const watch = this.#watch(endpoint);
    try {
      const events = await session.blocks(endpoint, BigInt(this.number + 1));
      this.#close = () => events.close();
      if (this.#stop.signal.aborted) return;
      this.#lastBlockAt = Date.now();
      for await (const block of events) {
        this.#accept(decodeBlock(block), () => block.serializeBinary(), endpoint);
        if (this.#stop.signal.aborted) return;
      }
    } catch (error) {
      if (error instanceof ForkError) {
        this.#stop.abort();
        log.alarm('fork', { channel: session.channel, block: error.number, from: endpoint.mspId });
        return;
      }
      pool.markDown(endpoint);
      log.warn('block stream ended', {
        channel: session.channel,
        from: endpoint.mspId,
        reason: nameOf(error),
      });
    } finally {
      clearInterval(watch);
      this.#close?.();
      this.#close = undefined;
    }
  }

  #accept(block: DecodedBlock, raw: () => Uint8Array, endpoint: GatewayEndpoint): void {
    const number = Number(block.number);
    if (number <= this.number) return;
    this.#assertContinues(number, toHex(block.previousHash));
    this.#options.apply(block, raw);
    this.#lastBlockAt = Date.now();
    this.#position = { number, headerHash: toHex(block.headerHash) };
    this.#options.pool.sawBlock(endpoint, this.#options.session.channel, block.number);
    for (const waiter of this.#waiters) if (waiter.number <= number) waiter.resolve();
  }

  #assertContinues(number: number, previousHash: string): void {
    const last = this.#position;
    if (last === undefined ? number === 0 : number === last.number + 1 && previousHash === last.headerHash)
      return;
    throw new ForkError(number);
  }

  #watch(endpoint: GatewayEndpoint): NodeJS.Timeout {
    const { pool, session, ownMspId, fallback } = this.#options;
    let lookedAt = Date.now();
    return setInterval(() => {
      const behind = pool.seen(session.channel) > BigInt(this.number);
      if (fallback && behind && Date.now() - this.#lastBlockAt > STALL_MS) {
        pool.markDown(endpoint);
        this.#close?.();
      }
      if (endpoint.mspId === ownMspId || Date.now() - lookedAt < RETURN_CHECK_MS) return;
      lookedAt = Date.now();
      void this.#returnToOwn();
    }, STALL_MS / 4);
  }

  /** Leaves the fallback when the own peer answers again and has what was applied. */
  async #returnToOwn(): Promise<void> {
    const { pool, session, ownMspId } = this.#options;
    const own = pool.of(ownMspId);
    if (own === undefined) return;
    const info = await session.chainInfo(own).catch(() => undefined);
    if (info === undefined || info.height <= BigInt(this.number)) return;
    pool.markUp(own);
    this.#close?.();
  }
}

class ForkError extends Error {
  readonly number: number;

  constructor(number: number) {
    super(`Block ${number} does not continue the chain`);
    this.number = number;
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
