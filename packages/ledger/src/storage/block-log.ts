import { join } from 'node:path';
import { LedgerError } from '../error.ts';
import type { AppendFile, FileStore } from './files.ts';
import { encodeFrame, nextWholeFrame, readFrame, type FrameState } from './frames.ts';

/** A segment that has reached this size is closed and the next one begun. */
const SEGMENT_BYTES = 64 * 1024 * 1024;
const SUFFIX = '.blocks';

export interface Location {
  readonly segment: number;
  readonly offset: number;
  /** Of the whole frame. */
  readonly length: number;
}

export interface StoredFrame {
  readonly number: number;
  readonly location: Location;
  readonly payload: Uint8Array;
}

/** What a scan met in place of a frame: named, never skipped silently. */
export interface Damage {
  readonly segment: number;
  readonly offset: number;
  readonly number?: number;
}

/**
 * The blocks of one channel at one node, appended to numbered segments. One writer. A frame is durable when `sync` has
 * returned. A frame that repeats an earlier number replaces it (that is how a repair is kept).
 */
export class BlockLog {
  readonly #files: FileStore;
  readonly #directory: string;
  readonly #segments = new Map<number, AppendFile>();
  readonly #segmentBytes: number;
  #current: number;
  #unsynced = new Set<AppendFile>();

  private constructor(files: FileStore, directory: string, current: number, segmentBytes: number) {
    this.#files = files;
    this.#directory = directory;
    this.#current = current;
    this.#segmentBytes = segmentBytes;
  }

  static async open(
    files: FileStore,
    directory: string,
    options: { readonly segmentBytes?: number } = {},
  ): Promise<BlockLog> {
    await files.makeDirectory(directory);
    const numbers = (await files.list(directory))
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => Number.parseInt(name, 10));
    const log = new BlockLog(files, directory, numbers.at(-1) ?? 0, options.segmentBytes ?? SEGMENT_BYTES);
    for (const number of numbers) log.#segments.set(number, await files.openLog(log.path(number)));
    const last = log.#segments.get(log.#current);
    if (last !== undefined) log.#unsynced.add(last);
    return log;
  }

  /** Appends without waiting for the disk; the frame may be read at once. Calls must not overlap. */
  async append(number: number, payload: readonly Uint8Array[]): Promise<Location> {
    const file = await this.#writable();
    const offset = file.size;
    this.#unsynced.add(file);
    await file.append(encodeFrame(number, payload));
    return { segment: this.#current, offset, length: file.size - offset };
  }

  /** Everything appended before the call is durable on return, also what a process that was killed has left. */
  async sync(): Promise<void> {
    const files = this.#unsynced;
    this.#unsynced = new Set();
    await Promise.all([...files].map((file) => file.sync()));
  }

  /** @throws LedgerError BLOCK_CORRUPT when the frame there is not an intact frame of this number */
  async read(number: number, location: Location): Promise<Uint8Array> {
    const file = this.#segments.get(location.segment);
    const bytes = await file?.read(location.offset, location.length);
    const frame = bytes === undefined ? undefined : readFrame(bytes, 0);
    if (frame?.kind === 'whole' && frame.number === number) return frame.payload;
    throw this.corrupt({ segment: location.segment, offset: location.offset, number });
  }

  /**
   * All frames from `from` on, in the order written. Damage within the log is yielded; a torn tail of the last segment
   * ends the scan and is reported by `tornAt`.
   */
  async *scan(
    from: Pick<Location, 'segment' | 'offset'> = { segment: 0, offset: 0 },
  ): AsyncGenerator<
    StoredFrame | { readonly damage: Damage },
    { readonly tornAt?: Pick<Location, 'segment' | 'offset'> }
  > {
    for (const [segment, file] of [...this.#segments].sort(([a], [b]) => a - b)) {
      if (segment < from.segment) continue;
      const start = segment === from.segment ? from.offset : 0;
      const bytes = await file.read(start, Math.max(0, file.size - start));
      let at = 0;
      while (at < bytes.length) {
        const frame = readFrame(bytes, at);
        const offset = start + at;
        if (frame.kind === 'whole') {
          const location = { segment, offset, length: frame.end - at };
          yield { number: frame.number, location, payload: frame.payload };
          at = frame.end;
          continue;
        }
        const next = nextWholeFrame(bytes, at);
        if (next === undefined && segment === this.#current) return { tornAt: { segment, offset } };
        yield { damage: { segment, offset, ...numberOf(frame) } };
        at = next ?? bytes.length;
      }
    }
    return {};
  }

  /** Drops everything from a place on; durable on return. */
  async cut(at: Pick<Location, 'segment' | 'offset'>): Promise<void> {
    for (const [segment, file] of [...this.#segments].filter(([number]) => number > at.segment)) {
      this.#segments.delete(segment);
      await file.close();
      await this.#files.remove(this.path(segment));
    }
    await this.#segments.get(at.segment)?.truncate(at.offset);
    this.#current = at.segment;
  }

  get bytes(): number {
    return [...this.#segments.values()].reduce((sum, file) => sum + file.size, 0);
  }

  corrupt(damage: Damage): LedgerError {
    const name = damage.number === undefined ? 'a block' : `block ${damage.number}`;
    const place = `${this.path(damage.segment)} at byte ${damage.offset}`;
    return new LedgerError('BLOCK_CORRUPT', `The stored bytes of ${name} are damaged (${place})`, {
      details: { ...damage, file: this.path(damage.segment) },
    });
  }

  async close(): Promise<void> {
    await this.sync();
    await Promise.all([...this.#segments.values()].map((file) => file.close()));
  }

  path(segment: number): string {
    return join(this.#directory, `${String(segment).padStart(6, '0')}${SUFFIX}`);
  }

  async #writable(): Promise<AppendFile> {
    const file = this.#segments.get(this.#current);
    if (file !== undefined && file.size < this.#segmentBytes) return file;
    if (file !== undefined) this.#current += 1;
    const fresh = await this.#files.openLog(this.path(this.#current));
    this.#segments.set(this.#current, fresh);
    return fresh;
  }
}

function numberOf(frame: FrameState): { readonly number?: number } {
  return frame.kind === 'corrupt' && frame.number !== undefined ? { number: frame.number } : {};
}
