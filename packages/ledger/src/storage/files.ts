import { basename, dirname, join } from 'node:path';
import type { DiskFile } from './disk-file.ts';
import { systemDisk, type Disk } from './disk.ts';

/**
 * One file that only grows. Nothing is durable before `sync` has returned; after a power cut anything written later may be
 * missing, complete or torn.
 */
export interface AppendFile extends DiskFile {
  /** Cuts the file; durable on return. */
  truncate(size: number): Promise<void>;
}

/** The part of a file system that the stores use. */
export interface FileStore {
  /** With the folders above it; their names are durable on return. */
  makeDirectory(path: string): Promise<void>;
  /** Names, sorted; empty when the directory does not exist. */
  list(path: string): Promise<string[]>;
  /** Opens for reading and appending, creating the file where there is none; its name is durable on return. */
  open(path: string): Promise<AppendFile>;
  /** As `open`, of a file whose content never ends in a zero: zeros behind it, room for what comes, do not count. */
  openLog(path: string): Promise<AppendFile>;
  /** Replaces a small file as a whole; durable on return: old or new content, never a mixture. */
  replace(path: string, content: Uint8Array): Promise<void>;
  /** Durable on return. */
  remove(path: string): Promise<void>;
}

const TEMPORARY = '.tmp';

export function filesOn(disk: Disk): FileStore {
  return {
    async makeDirectory(path) {
      const missing: string[] = [];
      for (let at = path; !(await disk.exists(at)); at = dirname(at)) missing.unshift(at);
      for (const folder of missing) {
        await disk.makeFolder(folder);
        await disk.syncFolder(dirname(folder));
      }
    },
    list: (path) => disk.list(path),
    async open(path) {
      const file = await disk.open(path, 'append');
      await disk.syncFolder(dirname(path));
      return appendFile(file);
    },
    async openLog(path) {
      const file = await disk.openLog(path, 'append');
      await disk.syncFolder(dirname(path));
      return appendFile(file);
    },
    async replace(path, content) {
      const temporary = join(dirname(path), `.${basename(path)}${TEMPORARY}`);
      const file = await disk.open(temporary, 'fresh');
      try {
        await file.append([content]);
        await file.sync();
      } finally {
        await file.close();
      }
      await disk.rename(temporary, path);
      await disk.syncFolder(dirname(path));
    },
    async remove(path) {
      if (!(await disk.exists(path))) return;
      await disk.remove(path);
      await disk.syncFolder(dirname(path));
    },
  };
}

export const diskFiles: FileStore = filesOn(systemDisk);

/** For reading what a stopped node has left; whatever would write is a bug of the caller. */
export const readOnlyFiles: FileStore = {
  makeDirectory: () => Promise.resolve(),
  list: (path) => diskFiles.list(path),
  async open(path) {
    return appendFile(await systemDisk.open(path, 'read'));
  },
  async openLog(path) {
    return appendFile(await systemDisk.openLog(path, 'read'));
  },
  replace: (path) => Promise.reject(new Error(`${path} is read only`)),
  remove: (path) => Promise.reject(new Error(`${path} is read only`)),
};

function appendFile(file: DiskFile): AppendFile {
  return {
    get size() {
      return file.size;
    },
    append: (chunks) => file.append(chunks),
    sync: () => file.sync(),
    read: (offset, length) => file.read(offset, length),
    async truncate(size) {
      await file.truncate(size);
      await file.sync();
    },
    close: () => file.close(),
  };
}
