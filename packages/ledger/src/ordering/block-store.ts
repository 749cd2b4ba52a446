import { join } from 'node:path';
import { concat, equalBytes, sha256, uint64, utf8 } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import {
  BlockLog,
  claim,
  type AppendFile,
  type Claim,
  type FileStore,
  type Location,
} from '../storage/index.ts';
import { decodeLocation, encodeLocation } from '../storage/ledger-keys.ts';
import { RecentBlocks } from './recent-blocks.ts';

const LOCATION_BYTES = 16;
const DIGEST_BYTES = 8;
const ENTRY_BYTES = LOCATION_BYTES + DIGEST_BYTES;

/** Holds how many blocks are durable: after a power cut the log is read from there on. */
const SYNCED = 'synced';

/**
 * The blocks of an orderer: the log, and a file of places that is made again from it where it does not fit. A block is not
 * durable before `sync`; until then the signing logs of a quorum hold it.
 */
export class BlockStore {
  readonly #files: FileStore;
  readonly #directory: string;
  readonly #log: BlockLog;
  readonly #places: AppendFile;
  readonly #claim: Claim;
  readonly #recent = new RecentBlocks<{ readonly parts: readonly Uint8Array[] }>();
  #height: number;

  private constructor(
    { files, directory }: { readonly files: FileStore; readonly directory: string },
    log: BlockLog,
    places: AppendFile,
    claimed: Claim,
  ) {
    this.#files = files;
    this.#directory = directory;
    this.#log = log;
    this.#places = places;
    this.#claim = claimed;
    this.#height = 0;
  }

  /** A store that was not closed ends before the first damage of what was not synced. @throws LedgerError BLOCK_CORRUPT */
  static async open(
    files: FileStore,
    directory: string,
    options: { readonly segmentBytes?: number } = {},
  ): Promise<BlockStore> {
    const claimed = await claim(files, directory);
    const log = await BlockLog.open(files, join(directory, 'blocks'), options);
    const places = await files.open(join(directory, 'places'));
    const store = new BlockStore({ files, directory }, log, places, claimed);
    try {
      const durable = claimed.wasInterrupted
        ? await syncedBlocks(files, directory)
        : Number.POSITIVE_INFINITY;
      await store.#follow(await store.#trustedPlaces(durable));
      return store;
    } catch (error) {
      await store.#closeFiles();
      if (!claimed.wasInterrupted) await claimed.release();
      throw error;
    }
  }

  get height(): number {
    return this.#height;
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  /** Of a marshalled common.Block, in parts. @throws LedgerError OUT_OF_ORDER */
  async append(number: number, parts: readonly Uint8Array[]): Promise<void> {
    if (number !== this.#height) {
      throw new LedgerError('OUT_OF_ORDER', `Block ${number} does not follow height ${this.#height}`);
    }
    const location = await this.#log.append(number, parts);
    await this.#places.append([encodePlace(number, location)]);
    this.#recent.put(number, { parts });
    this.#height = number + 1;
  }

  async sync(): Promise<void> {
    const height = this.#height;
    await this.#log.sync();
    await this.#places.sync();
    await this.#files.replace(join(this.#directory, SYNCED), encodeSynced(height));
  }

  /** @throws LedgerError NOT_FOUND, BLOCK_CORRUPT, INDEX_CORRUPT */
  async block(number: number): Promise<Uint8Array> {
    const recent = this.#recent.get(number);
    if (recent !== undefined) return concat(...recent.parts);
    if (number < 0 || number >= this.#height)
      throw new LedgerError('NOT_FOUND', `There is no block ${number}`);
    return this.#log.read(number, await this.#place(number));
  }

  async close(): Promise<void> {
    await this.#closeFiles();
    await this.#claim.release();
  }

  async #closeFiles(): Promise<void> {
    await this.#log.close();
    await this.#places.close();
  }

  async #place(number: number): Promise<Location> {
    const location = decodePlace(number, await this.#places.read(number * ENTRY_BYTES, ENTRY_BYTES));
    if (location !== undefined) return location;
    throw new LedgerError(
      'INDEX_CORRUPT',
      `The place of block ${number} is damaged: start the orderer again`,
    );
  }

  /** How many entries of the places file can be believed, at most `limit`: all are intact, and the last one leads to its block. */
  async #trustedPlaces(limit: number): Promise<number> {
    const bytes = await this.#places.read(0, this.#places.size);
    let intact = 0;
    let last: Location | undefined;
    while (intact < limit) {
      const next = entryOf(bytes, intact);
      if (next === undefined) break;
      last = next;
      intact += 1;
    }
    const isFit =
      last !== undefined &&
      (await this.#log.read(intact - 1, last).then(
        () => true,
        () => false,
      ));
    const trusted = isFit ? intact : 0;
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
      const damage = step.done === true ? step.value.tornAt : 'damage' in step.value && step.value.damage;
      if (damage) {
        if (!this.#claim.wasInterrupted) throw this.#log.corrupt(damage);
        await this.#log.cut(damage);
        return;
      }
      if (step.done === true) return;
      if ('damage' in step.value) return;
      if (step.value.number !== this.#height) continue;
      await this.#places.append([encodePlace(this.#height, step.value.location)]);
      this.#height += 1;
    }
  }
}

/** Drops every block from a place on, of a store that is not open. */
export async function cutBlocks(
  files: FileStore,
  directory: string,
  place: Pick<Location, 'segment' | 'offset'>,
): Promise<void> {
  await files.remove(join(directory, SYNCED));
  const log = await BlockLog.open(files, join(directory, 'blocks'));
  await log.cut(place);
  await log.close();
}

/** 0 where nothing says how many. */
async function syncedBlocks(files: FileStore, directory: string): Promise<number> {
  if (!(await files.list(directory)).includes(SYNCED)) return 0;
  const file = await files.open(join(directory, SYNCED));
  const bytes = Buffer.from(await file.read(0, file.size));
  await file.close();
  const height = bytes.length < 8 ? 0 : Number(bytes.readBigUInt64BE(0));
  return equalBytes(bytes, encodeSynced(height)) ? height : 0;
}

function encodeSynced(height: number): Uint8Array {
  return concat(uint64(height), digestOf(height, utf8(SYNCED)));
}

function entryOf(bytes: Uint8Array, number: number): Location | undefined {
  return decodePlace(number, bytes.subarray(number * ENTRY_BYTES, (number + 1) * ENTRY_BYTES));
}

function encodePlace(number: number, location: Location): Uint8Array {
  const encoded = encodeLocation(location);
  return concat(encoded, digestOf(number, encoded));
}

/** Undefined when the entry is cut or its digest does not hold. */
function decodePlace(number: number, entry: Uint8Array): Location | undefined {
  const encoded = entry.subarray(0, LOCATION_BYTES);
  const isIntact = equalBytes(entry.subarray(LOCATION_BYTES), digestOf(number, encoded));
  return isIntact ? decodeLocation(encoded) : undefined;
}

function digestOf(number: number, location: Uint8Array): Uint8Array {
  return sha256(concat(uint64(number), location)).subarray(0, DIGEST_BYTES);
}
