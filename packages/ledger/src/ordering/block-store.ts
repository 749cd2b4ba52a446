import { join } from 'node:path';
import { LedgerError } from '../error.ts';
import { BlockLog, type AppendFile, type FileStore, type Location } from '../storage/index.ts';
import { decodeLocation, encodeLocation } from '../storage/ledger-keys.ts';

const ENTRY_BYTES = 16;
/** Blocks that an orderer answers from memory. */
const CACHED_BLOCKS = 64;

/**
 * The blocks of an orderer: the log, and a file of places that is rebuilt from it whenever it does not fit. A block is not
 * durable before `sync`; until then the signing logs of a quorum hold it.
 */
export class BlockStore {
  readonly #log: BlockLog;
  readonly #places: AppendFile;
  readonly #recent = new Map<number, Uint8Array>();
  #height: number;

  private constructor(log: BlockLog, places: AppendFile, height: number) {
    this.#log = log;
    this.#places = places;
    this.#height = height;
  }

  /** @throws LedgerError BLOCK_CORRUPT */
  static async open(files: FileStore, directory: string): Promise<BlockStore> {
    const log = await BlockLog.open(files, join(directory, 'blocks'));
    const places = await files.open(join(directory, 'places'));
    const store = new BlockStore(log, places, 0);
    try {
      await store.#follow(await store.#trustedPlaces());
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get height(): number {
    return this.#height;
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  async append(number: number, bytes: Uint8Array): Promise<void> {
    if (number !== this.#height) {
      throw new LedgerError('OUT_OF_ORDER', `Block ${number} does not follow height ${this.#height}`);
    }
    const location = await this.#log.append(number, bytes);
    await this.#places.append([encodeLocation(location)]);
    this.#recent.set(number, bytes);
    this.#recent.delete(number - CACHED_BLOCKS);
    this.#height = number + 1;
  }

  async sync(): Promise<void> {
    await this.#log.sync();
  }

  /** @throws LedgerError NOT_FOUND, BLOCK_CORRUPT */
  async block(number: number): Promise<Uint8Array> {
    const recent = this.#recent.get(number);
    if (recent !== undefined) return recent;
    if (number < 0 || number >= this.#height)
      throw new LedgerError('NOT_FOUND', `There is no block ${number}`);
    return this.#log.read(number, await this.#place(number));
  }

  async close(): Promise<void> {
    await this.#log.close();
    await this.#places.close();
  }

  async #place(number: number): Promise<Location> {
    return decodeLocation(await this.#places.read(number * ENTRY_BYTES, ENTRY_BYTES));
  }

  /** How many entries of the places file can be believed: the last one must lead to its block. */
  async #trustedPlaces(): Promise<number> {
    const entries = Math.floor(this.#places.size / ENTRY_BYTES);
    const last = entries - 1;
    const isFit =
      entries > 0 &&
      (await this.#log.read(last, await this.#place(last)).then(
        () => true,
        () => false,
      ));
    const trusted = isFit ? entries : 0;
    await this.#places.truncate(trusted * ENTRY_BYTES);
    return trusted;
  }

  async #follow(trusted: number): Promise<void> {
    this.#height = trusted;
    const last = trusted === 0 ? undefined : await this.#place(trusted - 1);
    const from = last && { segment: last.segment, offset: last.offset + last.length };
    const scan = this.#log.scan(from);
    for (;;) {
      const step = await scan.next();
      if (step.done === true) {
        if (step.value.tornAt !== undefined) await this.#log.cut(step.value.tornAt);
        return;
      }
      if ('damage' in step.value) throw this.#log.corrupt(step.value.damage);
      if (step.value.number !== this.#height) continue;
      await this.#places.append([encodeLocation(step.value.location)]);
      this.#height += 1;
    }
  }
}
