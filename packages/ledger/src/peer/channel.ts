import { concat } from '@healthchain/core';
import type { ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import type { Ending } from '../ending.ts';
import { LedgerError } from '../error.ts';
import { decodeBlock, MetadataIndex, type DeliveredBlock } from '../ordering/block.ts';
import { parsedOnce } from '../ordering/parsed.ts';
import { decodeOrderingValue, openBlock } from '../ordering/turn-metadata.ts';
import type { FileStore, OpenRows, TransactionPlace } from '../storage/index.ts';
import { LedgerStore } from '../storage/index.ts';
import { blockHeaderHash } from '../validation/index.ts';
import { Committer, type CommittedBlock } from './committer.ts';
import { DefinitionCache } from './definitions.ts';
import type { BlockFeed, BlockSource } from './feed.ts';
import type { HistorySource, KeyModification } from './stub-iterators.ts';
import type { LedgerQueries } from './system-chaincodes.ts';
import { Placements } from './placements.ts';
import { Waiters } from './waiters.ts';

/** Committed blocks that events and history are served from without reading the disk. */
const CACHED_BLOCKS = 8;

export interface ChannelSettings {
  readonly name: string;
  readonly channelId: string;
  readonly directory: string;
  readonly genesis: Uint8Array;
  readonly files: FileStore;
  readonly openRows: OpenRows;
  readonly verifier: Verifier;
  readonly feed: BlockFeed;
  readonly onReplay: (done: number, total: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/** One peer's part in one channel: follows the blocks, keeps the ledger, answers about it. */
export class PeerChannel implements LedgerQueries, HistorySource, BlockSource {
  readonly #settings: ChannelSettings;
  readonly #store: LedgerStore;
  readonly #committer: Committer;
  readonly #cache = new Map<number, CommittedBlock>();
  readonly definitions = new DefinitionCache();
  readonly #stopping = new AbortController();
  readonly #waiters = new Waiters();
  readonly #placements = new Placements();
  #paused: (() => void) | undefined;
  #pause: Promise<void> | undefined;
  #following: Promise<void> = Promise.resolve();

  private constructor(settings: ChannelSettings, store: LedgerStore, committer: Committer) {
    this.#settings = settings;
    this.#store = store;
    this.#committer = committer;
  }

  /** Opens the ledger, joining the channel by its genesis block the first time, and catches up with its own block log. */
  static async open(settings: ChannelSettings): Promise<PeerChannel> {
    const { files, openRows, directory } = settings;
    const { store, pending } = await LedgerStore.open(files, openRows, directory);
    let committer: Committer;
    try {
      committer = await Committer.catchUp(store, pending, settings);
    } catch (error) {
      await store.close();
      throw error;
    }
    const channel = new PeerChannel(settings, store, committer);
    channel.#following = channel.#follow().catch((error: unknown) => settings.onFailure(error));
    settings.feed.add(channel);
    return channel;
  }

  get name(): string {
    return this.#settings.name;
  }

  get channelId(): string {
    return this.#settings.channelId;
  }

  get height(): number {
    return this.#store.height;
  }

  get config(): ChannelConfig {
    return this.#committer.config;
  }

  get store(): LedgerStore {
    return this.#store;
  }

  get isPaused(): boolean {
    return this.#pause !== undefined;
  }

  async tip(): Promise<{ currentHash: Uint8Array; previousHash: Uint8Array }> {
    const { header } = (await this.committed(this.height - 1)).block;
    return { currentHash: blockHeaderHash(header), previousHash: header.previousHash };
  }

  /** Takes no more blocks until `resume`; goes on answering from the state it has. */
  pause(): void {
    this.#pause ??= new Promise((resolve) => {
      this.#paused = resolve;
    });
  }

  resume(): void {
    this.#paused?.();
    this.#paused = undefined;
    this.#pause = undefined;
  }

  async stop(): Promise<void> {
    this.#settings.feed.remove(this.name);
    this.#stopping.abort();
    this.resume();
    await this.#following;
    this.#waiters.wake();
    this.#placements.end();
    await this.#store.close();
  }

  async committed(number: number): Promise<CommittedBlock> {
    const cached = this.#cache.get(number);
    if (cached !== undefined) return cached;
    const bytes = await this.#store.block(number);
    const block = decodeBlock(bytes);
    const codes = block.metadata[MetadataIndex.transactionsFilter] ?? new Uint8Array();
    return { number, parts: [bytes], block, transactions: block.data.map(parsedOnce), codes };
  }

  async block(number: number): Promise<Uint8Array> {
    return concat(...(await this.committed(number)).parts);
  }

  async read(number: number): Promise<CommittedBlock> {
    return this.committed(number);
  }

  numberByHash(headerHash: Uint8Array): number | undefined {
    return this.#store.blockNumberByHash(headerHash);
  }

  place(txId: string): TransactionPlace | undefined {
    return this.#store.transaction(txId);
  }

  /** The place of a transaction as soon as it has one; undefined when `ending` or the peer's stop ends the wait. */
  async placed(txId: string, ending: Ending): Promise<TransactionPlace | undefined> {
    const place = this.place(txId);
    if (place !== undefined || this.isStopped) return place;
    return this.#placements.wait(txId, ending);
  }

  async envelope(block: number, index: number): Promise<Uint8Array> {
    const envelope = (await this.committed(block)).block.data[index];
    if (envelope === undefined)
      throw new LedgerError('NOT_FOUND', `Block ${block} has no transaction ${index}`);
    return envelope;
  }

  async configBlock(): Promise<Uint8Array> {
    return this.block(await this.lastConfigNumber());
  }

  async lastConfigNumber(): Promise<number> {
    const last = (await this.committed(this.height - 1)).block;
    return last.header.number === 0n ? 0 : decodeOrderingValue(openBlock(last).value).lastConfig;
  }

  async modification(
    place: { readonly block: number; readonly transaction: number },
    namespace: string,
    key: string,
  ): Promise<KeyModification> {
    const transaction = (await this.committed(place.block)).transactions[place.transaction];
    const set = transaction?.action?.sets.namespaces.find((candidate) => candidate.namespace === namespace);
    const write = set?.writes.find((candidate) => candidate.key === key);
    if (transaction === undefined || write === undefined) {
      throw new LedgerError(
        'INDEX_CORRUPT',
        `The history of ${JSON.stringify(key)} names block ${place.block} wrongly`,
      );
    }
    return {
      txId: transaction.txId,
      value: Buffer.from(write.value),
      isDelete: write.isDelete,
      timestamp: {
        seconds: Number(transaction.timestamp?.seconds ?? 0n),
        nanos: transaction.timestamp?.nanos ?? 0,
      },
    };
  }

  /** Blocks from `from` on, waiting for the next; ends when `signal` does or the peer stops. */
  async *follow(from: number, signal: AbortSignal): AsyncGenerator<CommittedBlock> {
    for (let number = from; !signal.aborted && !this.#stopping.signal.aborted; number++) {
      while (number >= this.height) {
        await this.changed(signal);
        if (signal.aborted || this.#stopping.signal.aborted) return;
      }
      yield await this.committed(number);
    }
  }

  /** Resolves when the height has grown, the peer stops, or `signal` ends the wait. */
  async changed(signal: AbortSignal): Promise<void> {
    if (!this.isStopped) await this.#waiters.wait(signal);
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#pause;
      if (signal.aborted) return;
      const changed = this.#settings.feed.changed(signal);
      const committed = await this.#commitNext();
      if (!committed) await changed;
    }
  }

  /** Commits the next block from the first copy that is one; false when there is none yet. */
  async #commitNext(): Promise<boolean> {
    const { feed, name } = this.#settings;
    for await (const copy of feed.copies(this.height, name)) {
      const endTurn = await feed.turns.take(() => this.#placements.isAwaited);
      try {
        if (!(await this.#isAccepted(copy))) {
          feed.refuse(copy);
          continue;
        }
        if (this.#stopping.signal.aborted) return false;
        this.#remember(await this.#committer.commit(copy, endTurn));
        return true;
      } finally {
        endTurn();
      }
    }
    return false;
  }

  async #isAccepted(copy: DeliveredBlock): Promise<boolean> {
    try {
      await this.#committer.accept(copy);
      return true;
    } catch (error) {
      if (error instanceof LedgerError) return false;
      throw error;
    }
  }

  #remember(committed: CommittedBlock): void {
    this.#cache.set(committed.number, committed);
    this.#cache.delete(committed.number - CACHED_BLOCKS);
    this.#placements.note(committed);
    this.#waiters.wake();
  }
}
