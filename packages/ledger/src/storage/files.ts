import { writevSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * One file that only grows. Nothing is durable before `sync` has returned; after a power cut anything written later may be
 * missing, complete or torn.
 */
export interface AppendFile {
  /** Bytes written so far, durable or not. */
  readonly size: number;
  append(chunks: readonly Uint8Array[]): Promise<void>;
  sync(): Promise<void>;
  /** Fewer bytes than asked for at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Cuts the file; durable on return. */
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** The part of a file system that the stores use; a test passes one that loses what was not synced. */
export interface FileStore {
  makeDirectory(path: string): Promise<void>;
  /** Names, sorted; empty when the directory does not exist. */
  list(path: string): Promise<string[]>;
  /** Opens for reading and appending; a file that is created is durable (its name too) on return. */
  open(path: string): Promise<AppendFile>;
  /** Replaces a small file as a whole; durable on return: old or new content, never a mixture. */
  replace(path: string, content: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
}

export const diskFiles: FileStore = {
  async makeDirectory(path) {
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
  async open(path) {
    const isFresh = (await stat(path).catch(() => undefined)) === undefined;
    const handle = await open(path, 'a+');
    if (isFresh) await syncDirectory(dirname(path));
    return new DiskFile(handle, (await handle.stat()).size);
  },
  async replace(path, content) {
    const temporary = join(dirname(path), `.${Date.now()}-${process.pid}.tmp`);
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  },
  async remove(path) {
    await rm(path, { recursive: true, force: true });
  },
};

/** Up to this size a copy into the page cache costs less than handing it to another thread. */
const DIRECT_WRITE_BYTES = 128 * 1024;

/** For reading what a stopped node has left; whatever would write is a bug of the caller. */
export const readOnlyFiles: FileStore = {
  makeDirectory: () => Promise.resolve(),
  list: (path) => diskFiles.list(path),
  async open(path) {
    const handle = await open(path, 'r');
    return new DiskFile(handle, (await handle.stat()).size);
  },
  replace: (path) => Promise.reject(new Error(`${path} is read only`)),
  remove: (path) => Promise.reject(new Error(`${path} is read only`)),
};

class DiskFile implements AppendFile {
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
    await this.#handle.sync();
    this.size = size;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
