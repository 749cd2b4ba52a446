import { join } from 'node:path';
import { LedgerError } from '../error.ts';
import type { AppendFile, FileStore } from '../storage/index.ts';
import { encodeFrameHeader, nextWholeFrame, readFrame } from '../storage/frames.ts';
import { decodeRecord, encodeRecord, type SigningRecord } from './records.ts';

/** A file of this size is followed by a fresh one; the one before it is kept until the next change. */
const ROTATE_BYTES = 32 * 1024 * 1024;
const KEPT_FILES = 2;
const SUFFIX = '.signing';
/** Zeros at the end of a file that no record ends with. */
const UNFILLED_BYTES = 16;

/**
 * What one authority has acknowledged, signed and voted for on one channel. Records of heights whose blocks are durable in
 * the block log are dropped with their file.
 */
export class SigningLog {
  readonly #files: FileStore;
  readonly #directory: string;
  #numbers: number[];
  #current: AppendFile;
  /** Fsyncs done, for the bench. */
  syncs = 0;

  private constructor(files: FileStore, directory: string, numbers: number[], current: AppendFile) {
    this.#files = files;
    this.#directory = directory;
    this.#numbers = numbers;
    this.#current = current;
  }

  /**
   * A torn tail of the last file is cut: what was not durable was never sent. Any other damage may have been sent, and an
   * authority that has forgotten it could sign twice. @throws LedgerError SIGNING_CORRUPT, which names file and offset
   */
  static async open(
    files: FileStore,
    directory: string,
  ): Promise<{ readonly log: SigningLog; readonly records: readonly SigningRecord[] }> {
    await files.makeDirectory(directory);
    const names = (await files.list(directory)).filter((name) => name.endsWith(SUFFIX));
    const numbers = names.map((name) => Number.parseInt(name, 10));
    if (numbers.length === 0) numbers.push(0);
    const records: SigningRecord[] = [];
    let current: AppendFile | undefined;
    for (const number of numbers) {
      await current?.close();
      const path = pathOf(directory, number);
      current = await files.open(path);
      try {
        records.push(...(await readRecords(current, path, number === numbers.at(-1))));
      } catch (error) {
        await current.close();
        throw error;
      }
    }
    return { log: new SigningLog(files, directory, numbers, current as AppendFile), records };
  }

  /** Durable on return. Calls must not overlap. */
  async append(records: readonly SigningRecord[]): Promise<void> {
    const chunks = records.flatMap((record) => {
      const payload = encodeRecord(record);
      return [encodeFrameHeader(record.height, payload), payload];
    });
    await this.#current.append(chunks);
    await this.#current.sync();
    this.syncs += 1;
  }

  get isLarge(): boolean {
    return this.#current.size >= ROTATE_BYTES;
  }

  /** Begins a fresh file. The caller has made durable every block decided so far. */
  async rotate(): Promise<void> {
    await this.#current.close();
    const number = (this.#numbers.at(-1) ?? 0) + 1;
    this.#current = await this.#files.open(pathOf(this.#directory, number));
    this.#numbers.push(number);
    for (const old of this.#numbers.splice(0, this.#numbers.length - KEPT_FILES)) {
      await this.#files.remove(pathOf(this.#directory, old));
    }
  }

  async close(): Promise<void> {
    await this.#current.close();
  }
}

async function readRecords(file: AppendFile, path: string, isLast: boolean): Promise<SigningRecord[]> {
  const bytes = await file.read(0, file.size);
  const records: SigningRecord[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const frame = readFrame(bytes, offset);
    if (frame.kind !== 'whole') {
      if (!isLast || !isTorn(bytes, offset)) throw corrupt(path, offset);
      await file.truncate(offset);
      break;
    }
    records.push(decodeRecord(frame.payload));
    offset = frame.end;
  }
  return records;
}

/** A write that a power cut stopped: its frame goes on beyond the end of the file, or its last pages were never filled. */
function isTorn(bytes: Uint8Array, offset: number): boolean {
  if (nextWholeFrame(bytes, offset) !== undefined) return false;
  const rest = bytes.subarray(offset);
  return (
    readFrame(bytes, offset).kind === 'torn' || rest.subarray(-UNFILLED_BYTES).every((byte) => byte === 0)
  );
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

function pathOf(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(6, '0')}${SUFFIX}`);
}
