import type { AppendFile, FileStore } from '../storage/index.ts';

/** Durations kept between two readings of the counters. */
const MAX_DURATIONS = 100_000;

export interface SyncCounter {
  readonly files: FileStore;
  readonly count: number;
  /** Milliseconds of each sync since the last call. */
  takeDurations(): number[];
}

/** The same files, with their syncs counted and timed. */
export function countingFiles(inner: FileStore): SyncCounter {
  let count = 0;
  let durations: number[] = [];
  const counted = (file: AppendFile): AppendFile => ({
    get size() {
      return file.size;
    },
    append: (chunks) => file.append(chunks),
    async sync() {
      const start = performance.now();
      await file.sync();
      count += 1;
      if (durations.length < MAX_DURATIONS) durations.push(performance.now() - start);
    },
    read: (offset, length) => file.read(offset, length),
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
  });
  return {
    files: {
      ...inner,
      open: async (path) => counted(await inner.open(path)),
      openLog: async (path) => counted(await inner.openLog(path)),
    },
    get count() {
      return count;
    },
    takeDurations() {
      const taken = durations;
      durations = [];
      return taken;
    },
  };
}
