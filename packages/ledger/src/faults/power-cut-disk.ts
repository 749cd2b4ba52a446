import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { DiskFile } from '../storage/disk-file.ts';
import { systemDisk, type Disk } from '../storage/disk.ts';
import type { Draws } from './draws.ts';
import { survivalOf, type Outcome } from './survival.ts';

/** What is not durable yet of one file. */
interface Content {
  durable: number;
  /** Written so far, where zeros behind it are room. */
  written: number | undefined;
  /** What was cut off and may still be there. */
  cut: Buffer | undefined;
}

/** Zeros behind a log's content that are there, or not yet. */
const ROOM = Buffer.alloc(4096);
const NO_ROOM = Buffer.alloc(0);

/** A name that is not durable yet, and what a power cut may put back in its place; undefined: nothing. */
interface PendingName {
  readonly before: Buffer | undefined;
}

export interface CutImage {
  /** How often each fate befell bytes that were not synced. */
  readonly outcomes: Record<Outcome, number>;
  /** Names that were made, replaced or removed, and are not. */
  readonly namesLost: number;
}

/** Writes what a power cut leaves of a folder that this disk knows nothing of. */
export type FolderImage = (from: string, to: string, draws: Draws) => void;

/**
 * A disk that remembers what has been synced, so that at any moment `imageTo` can write down what would be left if the power
 * failed then. The programs that use it go on; whatever they do later is not in the image. The removal of a whole folder
 * counts as done.
 */
export class PowerCutDisk implements Disk {
  readonly #inner: Disk = systemDisk;
  readonly #contents = new Map<string, Content>();
  readonly #names = new Map<string, PendingName>();
  readonly #folders = new Map<string, FolderImage>();
  readonly #onCall: (calls: number) => void;
  #calls = 0;

  /** `onCall` is told before each call that changes or syncs something, and may take an image. */
  constructor(onCall: (calls: number) => void) {
    this.#onCall = onCall;
  }

  /** A folder whose files others write: LevelDB's. */
  leaveTo(folder: string, image: FolderImage): void {
    this.#folders.set(folder, image);
  }

  exists(path: string): Promise<boolean> {
    return this.#inner.exists(path);
  }

  list(path: string): Promise<string[]> {
    return this.#inner.list(path);
  }

  async makeFolder(path: string): Promise<void> {
    this.#count();
    this.#names.set(path, { before: undefined });
    await this.#inner.makeFolder(path);
  }

  async open(path: string, mode: 'append' | 'fresh' | 'read'): Promise<DiskFile> {
    this.#noteName(path);
    const file = await this.#inner.open(path, mode);
    const known = mode === 'fresh' ? undefined : this.#contents.get(path);
    const content = known ?? { durable: file.size, written: undefined, cut: undefined };
    this.#contents.set(path, content);
    return this.#watched(file, content);
  }

  async openLog(path: string, mode: 'append' | 'read'): Promise<DiskFile> {
    this.#noteName(path);
    const file = await this.#inner.openLog(path, mode);
    const content = this.#contents.get(path) ?? { durable: file.size, written: file.size, cut: undefined };
    this.#contents.set(path, content);
    return this.#watched(file, content);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#count();
    this.#names.set(to, { before: contentOf(to) });
    const content = this.#contents.get(from);
    if (content !== undefined) this.#contents.set(to, content);
    this.#contents.delete(from);
    await this.#inner.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.#count();
    this.#names.set(path, { before: contentOf(path) });
    this.#contents.delete(path);
    await this.#inner.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.#count();
    const pending = [...this.#names].filter(([name]) => dirname(name) === path);
    await this.#inner.syncFolder(path);
    for (const [name, change] of pending) {
      if (this.#names.get(name) === change) this.#names.delete(name);
    }
  }

  /** Writes into `to` what is left of `from` if the power fails now. */
  imageTo(from: string, to: string, draws: Draws): CutImage {
    const image: CutImage & { namesLost: number } = {
      outcomes: { nothing: 0, prefix: 0, sectors: 0, all: 0 },
      namesLost: 0,
    };
    const copy = (path: string): void => {
      const target = join(to, relative(from, path));
      if (this.#isLost(path, draws)) image.namesLost += 1;
      else if (this.#folders.has(path)) this.#folders.get(path)?.(path, target, draws);
      else this.#copyEntry(path, target, draws, copy, image.outcomes);
    };
    copy(from);
    for (const [path, { before }] of this.#names) {
      const target = join(to, relative(from, path));
      if (before === undefined || !existsSync(dirname(target)) || draws.onceIn(2)) continue;
      writeFileSync(target, before);
      image.namesLost += 1;
    }
    return image;
  }

  #noteName(path: string): void {
    if (!existsSync(path)) this.#names.set(path, { before: undefined });
  }

  #count(): void {
    this.#calls += 1;
    this.#onCall(this.#calls);
  }

  #isLost(path: string, draws: Draws): boolean {
    const pending = this.#names.get(path);
    return pending !== undefined && pending.before === undefined && draws.onceIn(2);
  }

  #copyEntry(
    path: string,
    target: string,
    draws: Draws,
    copy: (path: string) => void,
    outcomes: Record<Outcome, number>,
  ): void {
    const names = foldersContent(path);
    if (names !== undefined) {
      mkdirSync(target, { recursive: true, mode: 0o700 });
      for (const name of names) copy(join(path, name));
      return;
    }
    const content = this.#contents.get(path);
    const bytes = readFileSync(path).subarray(0, content?.written);
    const room = content?.written !== undefined && draws.onceIn(2) ? ROOM : NO_ROOM;
    if (content === undefined || content.durable >= bytes.length + (content.cut?.length ?? 0)) {
      writeFileSync(target, Buffer.concat([bytes, room]), { mode: 0o600 });
      return;
    }
    const whole = content.cut !== undefined && draws.onceIn(2) ? Buffer.concat([bytes, content.cut]) : bytes;
    const survival = survivalOf(whole, Math.min(content.durable, whole.length), draws);
    outcomes[survival.outcome] += 1;
    writeFileSync(target, Buffer.concat([survival.bytes, room]), { mode: 0o600 });
  }

  #watched(file: DiskFile, content: Content): DiskFile {
    return {
      get size() {
        return file.size;
      },
      append: (chunks) => {
        this.#count();
        const appending = file.append(chunks);
        if (content.written !== undefined) content.written = file.size;
        return appending;
      },
      sync: async () => {
        this.#count();
        const { size } = file;
        await file.sync();
        content.durable = size;
        content.cut = undefined;
      },
      read: (offset, length) => file.read(offset, length),
      truncate: async (size) => {
        this.#count();
        content.cut = Buffer.from(await file.read(size, file.size - size));
        content.durable = Math.min(content.durable, size);
        await file.truncate(size);
        if (content.written !== undefined) content.written = size;
      },
      close: () => file.close(),
    };
  }
}

function contentOf(path: string): Buffer | undefined {
  return existsSync(path) && foldersContent(path) === undefined ? readFileSync(path) : undefined;
}

/** Undefined of a file. */
function foldersContent(path: string): string[] | undefined {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}
