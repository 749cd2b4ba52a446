import { writevSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { DIRECT_WRITE_BYTES, type DiskFile } from './disk-file.ts';
import { openLogFile } from './log-file.ts';

/**
 * The calls of the operating system that the stores stand on, with what POSIX promises and no more: a name that was made,
 * replaced or removed in a folder is durable once `syncFolder` of that folder has returned, a file's content once its own
 * `sync` has. A test passes a disk whose power can be cut.
 */
export interface Disk {
  exists(path: string): Promise<boolean>;
  /** One folder below an existing one. */
  makeFolder(path: string): Promise<void>;
  /** Names, sorted; empty when the folder does not exist. */
  list(path: string): Promise<string[]>;
  /** `append` creates the file where there is none, `fresh` empties the one that is there. */
  open(path: string, mode: 'append' | 'fresh' | 'read'): Promise<DiskFile>;
  /** A file whose content never ends in a zero: zeros behind it are room and do not count. */
  openLog(path: string, mode: 'append' | 'read'): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  /** A file, or a folder with all it holds; nothing happens where there is none. */
  remove(path: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
}

const FLAGS = { append: 'a+', fresh: 'w', read: 'r' } as const;

export const systemDisk: Disk = {
  exists: (path) =>
    stat(path).then(
      () => true,
      () => false,
    ),
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
  },
  async list(path) {
    try {
      return (await readdir(path)).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  },
  async open(path, mode) {
    const handle = await open(path, FLAGS[mode]);
    return new SystemFile(handle, (await handle.stat()).size);
  },
  openLog: openLogFile,
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { recursive: true, force: true }),
  async syncFolder(path) {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

class SystemFile implements DiskFile {
  readonly #handle: FileHandle;
  size: number;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  async append(chunks: readonly Uint8Array[]): Promise<void> {
    const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.size += total;
    const bytesWritten =
      total <= DIRECT_WRITE_BYTES
        ? writevSync(this.#handle.fd, chunks)
        : (await this.#handle.writev(chunks as Uint8Array[])).bytesWritten;
    if (bytesWritten !== total) throw new Error(`Short write: ${bytesWritten} of ${total} bytes`);
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await this.#handle.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  }

  async truncate(size: number): Promise<void> {
    await this.#handle.truncate(size);
    this.size = size;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
