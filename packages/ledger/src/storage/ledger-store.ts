import { join } from 'node:path';
import { NodeError } from '../node-error.ts';
import type { HistoryEntry, StateUpdate } from '../validation/index.ts';
import { BlockLog, type Damage, type StoredFrame } from './block-log.ts';
import type { FileStore } from './files.ts';
import type { Change, KeyValueStore, KeyValueView } from './key-value.ts';
import { mustHoldEveryBlock } from './lost-batches.ts';
import * as keys from './ledger-keys.ts';
import { decodeStateRow, encodeStateRow, type StateRow } from './state-rows.ts';

/** A block with everything its commit changes, as validation found it. */
export interface BlockCommit {
  readonly number: number;
  /** Marshalled common.Block with all its metadata. */
  readonly bytes: Uint8Array;
  readonly headerHash: Uint8Array;
  readonly commitHash: Uint8Array | undefined;
  readonly updates: readonly StateUpdate[];
  readonly history: readonly HistoryEntry[];
  readonly transactions: readonly { readonly txId: string; readonly code: number }[];
}

/**
 * The ledger of one channel at one node: blocks are the truth; state, history and indexes carry a savepoint and follow them.
 * One writer: `commit` calls must not overlap. Readers take a `view` and see one committed prefix.
 */
export class LedgerStore {
  readonly #log: BlockLog;
  readonly #rows: KeyValueStore;
  #savepoint: keys.Savepoint | undefined;

  private constructor(log: BlockLog, rows: KeyValueStore) {
    this.#log = log;
    this.#rows = rows;
    const row = rows.get(keys.SAVEPOINT_KEY);
    this.#savepoint = row === undefined ? undefined : keys.decodeSavepoint(row);
  }

  /**
   * `rows` is opened by `openRows` under `<directory>/state`. Frames written after the savepoint are returned to be applied
   * (`apply`) before anything else; a torn tail is cut. @throws NodeError BLOCK_CORRUPT, INDEX_CORRUPT
   */
  static async open(
    files: FileStore,
    openRows: (directory: string) => Promise<KeyValueStore>,
    directory: string,
  ): Promise<{ readonly store: LedgerStore; readonly pending: readonly StoredFrame[] }> {
    await files.makeDirectory(directory);
    const log = await BlockLog.open(files, join(directory, 'blocks'));
    let rows: KeyValueStore | undefined;
    try {
      rows = await openRows(join(directory, 'state'));
      const store = new LedgerStore(log, rows);
      await mustHoldEveryBlock(rows, store.height);
      return { store, pending: await store.#framesAfterSavepoint() };
    } catch (error) {
      await log.close();
      await rows?.close();
      throw error;
    }
  }

  get savepoint(): keys.Savepoint | undefined {
    return this.#savepoint;
  }

  get height(): number {
    return this.#savepoint?.height ?? 0;
  }

  get blockBytes(): number {
    return this.#log.bytes;
  }

  /** The block is durable and its effects are visible on return. @throws NodeError OUT_OF_ORDER */
  async commit(block: BlockCommit): Promise<void> {
    this.#mustFollow(block.number);
    const location = await this.#log.append(block.number, block.bytes);
    await this.#log.sync();
    await this.apply(block, location);
  }

  /** Applies a block that the log already holds. */
  async apply(block: BlockCommit, location: StoredFrame['location']): Promise<void> {
    this.#mustFollow(block.number);
    const savepoint = {
      height: block.number + 1,
      headerHash: block.headerHash,
      commitHash: block.commitHash,
      transactions: (this.#savepoint?.transactions ?? 0) + block.transactions.length,
    };
    const changes: Change[] = [
      ...this.#stateChanges(block),
      ...this.#indexChanges(block),
      { type: 'put', key: keys.blockKey(block.number), value: keys.encodeLocation(location) },
      { type: 'put', key: keys.hashKey(block.headerHash), value: keys.blockKey(block.number) },
      { type: 'put', key: keys.SAVEPOINT_KEY, value: keys.encodeSavepoint(savepoint) },
      { type: 'put', key: keys.HEIGHT_KEY, value: keys.encodeHeight(savepoint.height) },
    ];
    await this.#rows.write(changes);
    this.#savepoint = savepoint;
  }

  view(): LedgerView {
    return new LedgerView(this.#rows.view());
  }

  /** @throws NodeError NOT_FOUND, BLOCK_CORRUPT */
  async block(number: number): Promise<Uint8Array> {
    const row = number < 0 || number >= this.height ? undefined : this.#rows.get(keys.blockKey(number));
    if (row === undefined) {
      throw new NodeError('NOT_FOUND', `no such block number [${number}] in index`, { details: { number } });
    }
    return this.#log.read(number, keys.decodeLocation(row));
  }

  blockNumberByHash(headerHash: Uint8Array): number | undefined {
    const row = this.#rows.get(keys.hashKey(headerHash));
    return row === undefined ? undefined : Number(Buffer.from(row).readBigUInt64BE(1));
  }

  /** The first occurrence of a transaction id, valid or not. */
  transaction(txId: string): keys.TransactionPlace | undefined {
    const row = this.#rows.get(keys.transactionKey(txId));
    return row === undefined ? undefined : keys.decodeTransaction(txId, row);
  }

  /** Replaces a damaged block by bytes that the caller has verified; durable on return. */
  async replaceBlock(number: number, bytes: Uint8Array): Promise<void> {
    const location = await this.#log.append(number, bytes);
    await this.#log.sync();
    await this.#rows.write([
      { type: 'put', key: keys.blockKey(number), value: keys.encodeLocation(location) },
    ]);
  }

  /** Replaces or removes one row of the state by what the blocks say. */
  async replaceRow(namespace: string, key: string, row: StateRow | undefined): Promise<void> {
    const rowKey = keys.stateKey(namespace, key);
    const change: Change =
      row === undefined
        ? { type: 'del', key: rowKey }
        : { type: 'put', key: rowKey, value: encodeStateRow(namespace, key, row) };
    await this.#rows.write([change]);
  }

  /** Every stored block and every damage of the log, in the order written. */
  scan(): AsyncIterable<StoredFrame | { readonly damage: Damage }> {
    return this.#log.scan();
  }

  async close(): Promise<void> {
    await this.#log.close();
    await this.#rows.close();
  }

  #mustFollow(number: number): void {
    if (number === this.height) return;
    throw new NodeError('OUT_OF_ORDER', `Block ${number} does not follow height ${this.height}`);
  }

  #stateChanges(block: BlockCommit): Change[] {
    return block.updates.map((update) => {
      const key = keys.stateKey(update.namespace, update.key);
      if (update.value === undefined) return { type: 'del', key };
      const row = { value: update.value, metadata: update.metadata, version: update.version };
      return { type: 'put', key, value: encodeStateRow(update.namespace, update.key, row) };
    });
  }

  #indexChanges(block: BlockCommit): Change[] {
    const first = new Map<string, Change>();
    for (const [index, { txId, code }] of block.transactions.entries()) {
      if (txId === '' || first.has(txId) || this.transaction(txId) !== undefined) continue;
      const value = keys.encodeTransaction(txId, { block: block.number, index, code });
      first.set(txId, { type: 'put', key: keys.transactionKey(txId), value });
    }
    const history = block.history.map((entry): Change => ({
      type: 'put',
      key: keys.historyKey(entry.namespace, entry.key, block.number, entry.transaction),
      value: EMPTY,
    }));
    return [...first.values(), ...history];
  }

  async #framesAfterSavepoint(): Promise<StoredFrame[]> {
    const last = this.height === 0 ? undefined : this.#rows.get(keys.blockKey(this.height - 1));
    const location = last === undefined ? undefined : keys.decodeLocation(last);
    const from =
      location === undefined
        ? { segment: 0, offset: 0 }
        : { segment: location.segment, offset: location.offset + location.length };
    const pending: StoredFrame[] = [];
    const scan = this.#log.scan(from);
    for (;;) {
      const step = await scan.next();
      if (step.done === true) {
        if (step.value.tornAt !== undefined) await this.#log.cut(step.value.tornAt);
        return pending;
      }
      if ('damage' in step.value) throw this.#log.corrupt(step.value.damage);
      if (step.value.number === this.height + pending.length) pending.push(step.value);
    }
  }
}

const EMPTY = new Uint8Array();

/** One committed prefix of the ledger. Must be closed. Rows are checked against their digests as they are read. */
export class LedgerView {
  readonly #view: KeyValueView;
  /** Number of blocks that the view shows. */
  readonly height: number;

  constructor(view: KeyValueView) {
    this.#view = view;
    const row = view.get(keys.HEIGHT_KEY);
    this.height = row === undefined ? 0 : keys.decodeHeight(row);
  }

  /** @throws NodeError STATE_CORRUPT */
  get(namespace: string, key: string): StateRow | undefined {
    const row = this.#view.get(keys.stateKey(namespace, key));
    return row === undefined ? undefined : decodeStateRow(namespace, key, row);
  }

  /** Keys in [start, end) in byte order; an empty end is open. @throws NodeError STATE_CORRUPT */
  async *range(
    namespace: string,
    start: string,
    end: string,
  ): AsyncIterableIterator<StateRow & { readonly key: string }> {
    for await (const entry of this.#view.range(keys.stateRange(namespace, start, end))) {
      const { key } = keys.parseStateKey(entry.key);
      yield { key, ...decodeStateRow(namespace, key, entry.value) };
    }
  }

  /** Rows of the whole state, undecoded, so that a reader can name every damaged one. */
  async *rows(after?: {
    readonly namespace: string;
    readonly key: string;
  }): AsyncIterableIterator<{ namespace: string; key: string; row: Uint8Array }> {
    for await (const entry of this.#view.range(keys.wholeState(after))) {
      yield { ...keys.parseStateKey(entry.key), row: entry.value };
    }
  }

  /** Places of the valid writes of a key, newest first. */
  async *history(
    namespace: string,
    key: string,
  ): AsyncIterableIterator<{ block: number; transaction: number }> {
    const range = { ...keys.historyRange(namespace, key), reverse: true };
    for await (const entry of this.#view.range(range)) yield keys.parseHistoryKey(entry.key);
  }

  async close(): Promise<void> {
    await this.#view.close();
  }
}
