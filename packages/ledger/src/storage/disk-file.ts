/** One open file. What was appended or cut is durable once a later `sync` has returned; until then any part of it may be. */
export interface DiskFile {
  readonly size: number;
  /** At the end of the file. */
  append(chunks: readonly Uint8Array[]): Promise<void>;
  sync(): Promise<void>;
  /** Fewer bytes than asked for at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** Up to this size a copy into the page cache costs less than handing it to another thread. */
export const DIRECT_WRITE_BYTES = 128 * 1024;
