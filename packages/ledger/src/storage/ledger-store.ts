import { join } from 'node:path';
import { LedgerError } from '../error.ts';
import { RecentMap } from '../recent-map.ts';
import { BlockLog, type Damage, type Location, type StoredFrame } from './block-log.ts';
import { commitRows, otherTransactionRows, type BlockCommit } from './commit-rows.ts';
import type { FileStore } from './files.ts';
import type { Change, KeyValueStore } from './key-value.ts';
import { claim, type Claim } from './in-use.ts';
import * as keys from './ledger-keys.ts';
import { LedgerView, type ViewOrigin } from './ledger-view.ts';
import { framesFrom } from './pending-frames.ts';
import { RowCache } from './row-cache.ts';
import { SharedView } from './shared-view.ts';
import { openSoundRows, type OpenRows, type SoundRows } from './sound-rows.ts';

/** Ids of transactions that are known to be in no block. */
const MAX_ABSENT_IDS = 20_000;

/** One height, as readers are shown it. */
interface Shown {
  readonly view: SharedView;
  readonly origin: ViewOrigin;
}

/** What a block makes of the state. */
interface Effect {
  readonly savepoint: keys.Savepoint;
  readonly changes: readonly Change[];
}

/**
 * The ledger of one channel at one node: blocks are the truth; state, history and indexes carry a savepoint and follow them.
 * One writer: `commit` calls must not overlap. Readers take a `view` and see one committed prefix.
 */
export class LedgerStore {
  readonly #log: BlockLog;
  readonly #rows: KeyValueStore;
  readonly #claim: Claim;
  readonly #cache = new RowCache();
  /** Ids that are in no block: endorsing, validating and waiting for a transaction all ask. */
  readonly #absent = new RecentMap<string, true>(MAX_ABSENT_IDS);
  #savepoint: keys.Savepoint | undefined;
  #isApplying = false;
  /** What readers of the savepoint's height share. */
  #shown: Shown | undefined;
  #damage: LedgerError | undefined;
  #damagesMet = 0;

  private constructor(log: BlockLog, { rows, savepoint }: SoundRows, claimed: Claim) {
    this.#log = log;
    this.#rows = rows;
    this.#claim = claimed;
    this.#savepoint = savepoint;
  }

  /**
   * `openRows` opens what lies under `<directory>/state`. Where the log holds blocks after the savepoint (all of them when the
   * state's folder is gone), their places are returned to be applied (`apply`) before anything else, read by `pendingBlock`; a
   * torn tail is cut. Of a store that was not closed, a state that a power cut has torn is dropped: the blocks hold it.
   * @throws LedgerError BLOCK_CORRUPT; STORE_CORRUPT, INDEX_CORRUPT of a store that was closed
   */
  static async open(
    files: FileStore,
    openRows: OpenRows,
    directory: string,
  ): Promise<{ readonly store: LedgerStore; readonly pending: readonly Location[] }> {
    const claimed = await claim(files, directory);
    const log = await BlockLog.open(files, join(directory, 'blocks'));
    let rows: SoundRows | undefined;
    try {
      rows = await openSoundRows(files, openRows, join(directory, 'state'), claimed);
      const store = new LedgerStore(log, rows, claimed);
      const pending = await framesFrom(log, store.height, {
        from: store.#endOfSavepoint(),
        wasInterrupted: claimed.wasInterrupted,
      });
      if (pending.length > 0) await log.sync();
      return { store, pending };
    } catch (error) {
      await log.close();
      await rows?.rows.close();
      if (!claimed.wasInterrupted) await claimed.release();
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

  /**
   * The block is durable and its effects are visible on return; `onWritten` is called when it is written and becomes durable.
   * @throws LedgerError OUT_OF_ORDER
   */
  async commit(block: BlockCommit, onWritten?: () => void): Promise<void> {
    this.#mustFollow(block.number);
    const location = await this.#log.append(block.number, block.parts);
    const syncing = this.#log.sync();
    onWritten?.();
    let effect: Effect;
    try {
      effect = this.#effectOf(block, location);
    } finally {
      await syncing;
    }
    await this.#show(block, effect);
  }

  /** Applies a block that the log already holds. */
  async apply(block: BlockCommit, location: Location): Promise<void> {
    this.#mustFollow(block.number);
    await this.#show(block, this.#effectOf(block, location));
  }

  #effectOf(block: BlockCommit, location: Location): Effect {
    const savepoint = {
      height: block.number + 1,
      headerHash: block.headerHash,
      commitHash: block.commitHash,
      transactions: (this.#savepoint?.transactions ?? 0) + block.transactions.length,
      metadataIn: this.#metadataAfter(block),
    };
    const changes: Change[] = [
      ...commitRows(block),
      ...otherTransactionRows(block, (txId) => this.transaction(txId) !== undefined),
      { type: 'put', key: keys.blockKey(block.number), value: keys.encodeBlockRow(block.number, location) },
      {
        type: 'put',
        key: keys.hashKey(block.headerHash),
        value: keys.encodeHashRow(block.headerHash, block.number),
      },
      { type: 'put', key: keys.SAVEPOINT_KEY, value: keys.encodeSavepoint(savepoint) },
    ];
    return { savepoint, changes };
  }

  async #show(block: BlockCommit, { savepoint, changes }: Effect): Promise<void> {
    // Who opens a view while the rows are being written is shown those before.
    const before = this.#showing();
    this.#isApplying = true;
    for (const { namespace, key } of block.updates) this.#cache.forget(namespace, key);
    for (const { txId } of block.transactions) this.#absent.delete(txId);
    await this.#rows.write(changes);
    this.#savepoint = savepoint;
    this.#shown = undefined;
    this.#isApplying = false;
    await before.view.retire();
  }

  view(): LedgerView {
    const shown = this.#showing();
    return new LedgerView(shown.view.open(), shown.origin);
  }

  /** @throws LedgerError NOT_FOUND, BLOCK_CORRUPT */
  async block(number: number): Promise<Uint8Array> {
    const row = number < 0 || number >= this.height ? undefined : this.#rows.get(keys.blockKey(number));
    if (row === undefined) {
      throw new LedgerError('NOT_FOUND', `no such block number [${number}] in index`, {
        details: { number },
      });
    }
    try {
      return await this.#log.read(number, keys.decodeBlockRow(number, row));
    } catch (error) {
      if (error instanceof LedgerError) this.#note(error);
      throw error;
    }
  }

  /** The first damage that a reader has met since the store was opened: it is to be repaired. */
  get damage(): LedgerError | undefined {
    return this.#damage;
  }

  /** How often a reader has met damage. */
  get damagesMet(): number {
    return this.#damagesMet;
  }

  /** The next block to be applied, at a place that `open` returned. @throws LedgerError BLOCK_CORRUPT */
  pendingBlock(location: Location): Promise<Uint8Array> {
    return this.#log.read(this.height, location);
  }

  blockNumberByHash(headerHash: Uint8Array): number | undefined {
    const row = this.#rows.get(keys.hashKey(headerHash));
    const number = row && keys.decodeHashRow(headerHash, row);
    return number !== undefined && number < this.height ? number : undefined;
  }

  /** The first occurrence of a transaction id, valid or not, in a block whose effects a view shows. */
  transaction(txId: string): keys.TransactionPlace | undefined {
    if (this.#absent.get(txId)) return undefined;
    const row = this.#rows.get(keys.transactionKey(txId));
    const place = row && keys.decodeTransaction(txId, row);
    if (place !== undefined && place.block < this.height) return place;
    if (!this.#isApplying) this.#absent.set(txId, true);
    return undefined;
  }

  /** Replaces a damaged block by bytes that the caller has verified; durable on return. */
  async replaceBlock(number: number, bytes: Uint8Array): Promise<void> {
    const location = await this.#log.append(number, [bytes]);
    await this.#log.sync();
    await this.#rows.write([
      { type: 'put', key: keys.blockKey(number), value: keys.encodeBlockRow(number, location) },
    ]);
  }

  /** Every stored block and every damage of the log, in the order written. */
  scan(): AsyncIterable<StoredFrame | { readonly damage: Damage }> {
    return this.#log.scan();
  }

  async close(): Promise<void> {
    await this.#log.close();
    await this.#shown?.view.retire();
    await this.#rows.close();
    await this.#claim.release();
  }

  #showing(): Shown {
    this.#shown ??= { view: new SharedView(this.#rows.view()), origin: this.#origin() };
    return this.#shown;
  }

  #origin(): ViewOrigin {
    return {
      rows: this.#cache,
      height: this.height,
      metadataIn: this.#savepoint?.metadataIn ?? [],
      settledHeight: () => (this.#isApplying ? undefined : this.height),
      onDamage: (error) => this.#note(error),
    };
  }

  #note(error: LedgerError): void {
    this.#damage ??= error;
    this.#damagesMet += 1;
  }

  #mustFollow(number: number): void {
    if (number === this.height) return;
    throw new LedgerError('OUT_OF_ORDER', `Block ${number} does not follow height ${this.height}`);
  }

  #metadataAfter({ updates }: BlockCommit): readonly string[] {
    const before = this.#savepoint?.metadataIn ?? [];
    const fresh = updates.filter(({ metadata }) => metadata.length > 0).map(({ namespace }) => namespace);
    return fresh.length === 0 ? before : [...new Set([...before, ...fresh])].toSorted();
  }

  #endOfSavepoint(): Pick<Location, 'segment' | 'offset'> | undefined {
    const row = this.height === 0 ? undefined : this.#rows.get(keys.blockKey(this.height - 1));
    const last = row && keys.decodeBlockRow(this.height - 1, row);
    return last && { segment: last.segment, offset: last.offset + last.length };
  }
}
