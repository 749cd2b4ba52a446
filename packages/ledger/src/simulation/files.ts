import { dirname, basename } from 'node:path';
import type { AppendFile, FileStore } from '../storage/index.ts';
import type { Random } from './random.ts';

/** What a disk writes as a whole; sectors of a longer write that were not written read as zeros. */
const SECTOR_BYTES = 512;
/** How much of what was not synced a power cut leaves of a file. */
type Tear = 'nothing' | 'all' | 'prefix' | 'unfilled';

export interface Disk {
  readonly tears: readonly Tear[];
  /** A segment of the block log that has this size is followed by another; so is a file of signing records. */
  readonly segmentBytes: number;
  readonly rotateBytes: number;
}

/** With files so small that schedules change them often, and every kind of tear. */
export const SMALL_FILES: Disk = {
  tears: ['nothing', 'all', 'prefix', 'unfilled'],
  segmentBytes: 2048,
  rotateBytes: 2048,
};

/** What happens does not depend on sizes, for signatures whose length differs from run to run. */
export const LARGE_FILES: Disk = {
  tears: ['nothing', 'all', 'prefix'],
  segmentBytes: 2 ** 30,
  rotateBytes: 2 ** 30,
};

/**
 * The files of one simulated machine. They outlive its processes; a power cut takes from each file, independently, some of
 * what was not synced. What a process that has ended still asks for is never answered.
 */
export class SimulatedFiles {
  readonly #random: Random;
  readonly #disk: Disk;
  readonly #afterSync: (done: () => void) => void;
  readonly #contents = new Map<string, Content>();
  #process = 0;

  /** `afterSync` calls back when the disk has done a sync that begins now. */
  constructor(random: Random, disk: Disk, afterSync: (done: () => void) => void) {
    this.#random = random;
    this.#disk = disk;
    this.#afterSync = afterSync;
  }

  /** The files as the next process sees them. */
  openProcess(options: { readonly syncs: boolean }): FileStore {
    const process = ++this.#process;
    const ifAlive = <T>(act: () => T): Promise<T> =>
      process === this.#process ? Promise.resolve(act()) : new Promise<T>(() => {});
    return {
      makeDirectory: () => ifAlive(() => undefined),
      list: (path) => ifAlive(() => this.#names(path)),
      open: (path) => ifAlive(() => this.#open(path, ifAlive, options.syncs)),
      openLog: (path) =>
        ifAlive(() => {
          this.#dropRoom(path);
          return this.#open(path, ifAlive, options.syncs);
        }),
      replace: (path, content) =>
        ifAlive(() => void this.#contents.set(path, { durable: [content], unsynced: [] })),
      remove: (path) => ifAlive(() => void this.#contents.delete(path)),
    };
  }

  /** The process ends; the operating system keeps what was written. */
  endProcess(): void {
    this.#process += 1;
  }

  /** The process ends and so does the machine. Returns how many files lost something. */
  cutPower(): number {
    this.endProcess();
    let losing = 0;
    for (const content of this.#contents.values()) {
      if (content.unsynced.length === 0) continue;
      const kept = this.#whatStays(content.unsynced, sizeOf(content.durable));
      if (kept.length < content.unsynced.length || kept.at(-1) !== content.unsynced.at(-1)) losing += 1;
      content.durable.push(...kept);
      content.unsynced = [];
    }
    return losing;
  }

  /** Whether everything written below `directory` is durable. */
  isSynced(directory: string): boolean {
    for (const [path, { unsynced }] of this.#contents)
      if (unsynced.length > 0 && dirname(path) === directory) return false;
    return true;
  }

  #whatStays(unsynced: readonly Uint8Array[], start: number): Uint8Array[] {
    const tear = this.#random.pick(this.#disk.tears);
    if (tear === 'nothing') return [];
    if (tear === 'all') return [...unsynced];
    const whole = this.#random.below(unsynced.length);
    const torn = unsynced[whole] as Uint8Array;
    const cut = Math.floor(torn.length * this.#random.next());
    const kept = [...unsynced.slice(0, whole), torn.subarray(0, cut)];
    if (tear === 'prefix') return kept;
    const filled = Math.floor((start + sizeOf(kept)) / SECTOR_BYTES) * SECTOR_BYTES - start;
    const bytes = Buffer.concat(unsynced);
    bytes.fill(0, Math.max(0, filled));
    return [bytes];
  }

  /** Sectors that were not filled, at the end of a file, are room for what comes. */
  #dropRoom(path: string): void {
    const content = this.#contents.get(path);
    if (content === undefined) return;
    const bytes = Buffer.concat([...content.durable, ...content.unsynced]);
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    if (end === bytes.length) return;
    content.durable = [bytes.subarray(0, end)];
    content.unsynced = [];
  }

  #names(path: string): string[] {
    return [...this.#contents.keys()]
      .filter((name) => dirname(name) === path)
      .map((name) => basename(name))
      .sort();
  }

  #open(path: string, ifAlive: <T>(act: () => T) => Promise<T>, syncs: boolean): AppendFile {
    const content = this.#contents.get(path) ?? { durable: [], unsynced: [] };
    this.#contents.set(path, content);
    const all = () => Buffer.concat([...content.durable, ...content.unsynced]);
    return {
      get size() {
        return sizeOf(content.durable) + sizeOf(content.unsynced);
      },
      append: (chunks) => ifAlive(() => void content.unsynced.push(...chunks)),
      sync: async () => {
        if (!syncs) return;
        await ifAlive(() => undefined);
        const begun = content.unsynced.length;
        await new Promise<void>((resolve) => this.#afterSync(resolve));
        await ifAlive(() => content.durable.push(...content.unsynced.splice(0, begun)));
      },
      read: (offset, length) => ifAlive(() => all().subarray(offset, offset + length)),
      truncate: (size) =>
        ifAlive(() => {
          content.durable = [all().subarray(0, size)];
          content.unsynced = [];
        }),
      close: () => ifAlive(() => undefined),
    };
  }
}

interface Content {
  durable: Uint8Array[];
  unsynced: Uint8Array[];
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
