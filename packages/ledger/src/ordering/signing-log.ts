import { join } from 'node:path';
import { LedgerError } from '../error.ts';
import { claim, type AppendFile, type Claim, type FileStore } from '../storage/index.ts';
import { encodeFrame, nextWholeFrame, readFrame } from '../storage/frames.ts';
import { decodeRecords, encodeRecords, type SigningRecord } from './records.ts';

/** A file of this size is followed by a fresh one; the one before it is kept until the next change. */
const ROTATE_BYTES = 32 * 1024 * 1024;
const KEPT_FILES = 2;
const SUFFIX = '.signing';

/**
 * What one authority has acknowledged, signed and voted for on one channel. Records of heights whose blocks are durable in
 * the block log are dropped with their file.
 */
export class SigningLog {
  readonly #files: FileStore;
  readonly #directory: string;
  /** The files by number, in their order, with the highest height of their records; -1 for none. */
  readonly #highest: Map<number, number>;
  #current: AppendFile;
  readonly #rotateBytes: number;
  readonly #claim: Claim;
  /** False while a write is under way, and after one that failed. */
  #isWhole = true;
  /** Fsyncs done, for the bench. */
  syncs = 0;

  private constructor(
    files: FileStore,
    directory: string,
    highest: Map<number, number>,
    current: AppendFile,
    rotateBytes: number,
    claimed: Claim,
  ) {
    this.#files = files;
    this.#claim = claimed;
    this.#directory = directory;
    this.#highest = highest;
    this.#current = current;
    this.#rotateBytes = rotateBytes;
  }

  /**
   * What is returned is durable: a process that was killed may have left records that were written and not synced, and this
   * one acts on them. Of a log that was not closed, a torn last write is cut: what was not durable was never sent. Any other
   * damage may have been sent, and an authority that has forgotten it could sign twice.
   * @throws LedgerError SIGNING_CORRUPT, which names file and offset
   */
  static async open(
    files: FileStore,
    directory: string,
    { rotateBytes = ROTATE_BYTES }: { readonly rotateBytes?: number } = {},
  ): Promise<{ readonly log: SigningLog; readonly records: readonly SigningRecord[] }> {
    const claimed = await claim(files, directory);
    const numbers = await signingFiles(files, directory);
    if (numbers.length === 0) numbers.push(0);
    const records: SigningRecord[] = [];
    const highest = new Map<number, number>();
    let current: AppendFile | undefined;
    for (const number of numbers) {
      await current?.close();
      const path = signingPath(directory, number);
      current = await files.openLog(path);
      try {
        const mayBeTorn = claimed.wasInterrupted && number === numbers.at(-1);
        const found = await readRecords(current, path, mayBeTorn);
        records.push(...found);
        highest.set(number, highestOf(found));
        if (number === numbers.at(-1)) await current.sync();
      } catch (error) {
        await current.close();
        if (!claimed.wasInterrupted) await claimed.release();
        throw error;
      }
    }
    const log = new SigningLog(files, directory, highest, current as AppendFile, rotateBytes, claimed);
    return { log, records };
  }

  /** One frame: after a power cut all of the records are there or none. Durable on return. Calls must not overlap. */
  async append(records: readonly SigningRecord[]): Promise<void> {
    if (records.length === 0) return;
    this.#isWhole = false;
    this.#highest.set(this.#last, Math.max(this.#highest.get(this.#last) ?? -1, highestOf(records)));
    await this.#current.append(recordFrame(records));
    await this.#current.sync();
    this.#isWhole = true;
    this.syncs += 1;
  }

  get isLarge(): boolean {
    return this.#current.size >= this.#rotateBytes;
  }

  /**
   * Begins a fresh file. The caller has made durable every block below `height`; older files go unless they hold a record of
   * that height or a later one, as they do where blocks were lost and are being decided again.
   */
  async rotate(height: number): Promise<void> {
    await this.#current.close();
    const number = this.#last + 1;
    this.#current = await this.#files.openLog(signingPath(this.#directory, number));
    this.#highest.set(number, -1);
    for (const [old, highest] of [...this.#highest].slice(0, -KEPT_FILES)) {
      if (highest >= height) continue;
      await this.#files.remove(signingPath(this.#directory, old));
      this.#highest.delete(old);
    }
  }

  /** Number of the file that is written. */
  get #last(): number {
    return [...this.#highest.keys()].at(-1) ?? 0;
  }

  async close(): Promise<void> {
    await this.#current.close();
    if (this.#isWhole) await this.#claim.release();
  }
}

function highestOf(records: readonly SigningRecord[]): number {
  return records.reduce((highest, { height }) => Math.max(highest, height), -1);
}

async function readRecords(file: AppendFile, path: string, mayBeTorn: boolean): Promise<SigningRecord[]> {
  const bytes = await file.read(0, file.size);
  const records: SigningRecord[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const frame = readFrame(bytes, offset);
    if (frame.kind !== 'whole') {
      if (!mayBeTorn || !isTornWrite(bytes, offset)) throw corrupt(path, offset);
      await file.truncate(offset);
      break;
    }
    records.push(...decodeRecords(frame.payload));
    offset = frame.end;
  }
  return records;
}

function corrupt(path: string, offset: number): LedgerError {
  return new LedgerError(
    'SIGNING_CORRUPT',
    `What this authority has signed is damaged (${path} at byte ${offset})`,
    {
      details: { file: path, offset },
    },
  );
}

/** Numbers of the files there are, in their order. */
export async function signingFiles(files: FileStore, directory: string): Promise<number[]> {
  const names = (await files.list(directory)).filter((name) => name.endsWith(SUFFIX));
  return names.map((name) => Number.parseInt(name, 10));
}

/** Records that are written, and after a power cut found, together. */
export function recordFrame(records: readonly SigningRecord[]): Uint8Array[] {
  return encodeFrame(records[0]?.height ?? 0, encodeRecords(records));
}

/** A log is synced after each write, so that only its last one can be torn. */
export function isTornWrite(bytes: Uint8Array, offset: number): boolean {
  return nextWholeFrame(bytes, offset) === undefined;
}

export function signingPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(6, '0')}${SUFFIX}`);
}
