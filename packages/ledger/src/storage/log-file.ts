import { constants, writevSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { lengthOf } from '@healthchain/core';
import { DIRECT_WRITE_BYTES, type DiskFile } from './disk-file.ts';

/**
 * Zeros written ahead of the content. What is written over them changes neither the file's size nor where it lies, so that a sync
 * has nothing to write but the content: the file system's journal costs as much again.
 */
const ROOM_BYTES = 256 * 1024;
/** Between long writes, which fill it at once, room is not worth its zeros. */
const SHORT_WRITES_BEFORE_ROOM = 4;
const SEARCHED_BYTES = 64 * 1024;
const FLAGS = { append: constants.O_RDWR | constants.O_CREAT, read: constants.O_RDONLY } as const;

/** A file whose content never ends in a zero: zeros behind it are room. */
export async function openLogFile(path: string, mode: keyof typeof FLAGS): Promise<DiskFile> {
  const handle = await open(path, FLAGS[mode]);
  const { size: allocated } = await handle.stat();
  const size = await endOfContent(handle, allocated);
  return new LogFile(handle, size, mode === 'read' ? size : allocated);
}

class LogFile implements DiskFile {
  readonly #handle: FileHandle;
  size: number;
  /** With the room. */
  #allocated: number;
  /** One after the other. */
  #shortWrites = SHORT_WRITES_BEFORE_ROOM;

  constructor(handle: FileHandle, size: number, allocated: number) {
    this.#handle = handle;
    this.size = size;
    this.#allocated = allocated;
  }

  async append(chunks: readonly Uint8Array[]): Promise<void> {
    const start = this.size;
    const end = start + lengthOf(chunks);
    const isShort = end - start <= DIRECT_WRITE_BYTES;
    this.#shortWrites = isShort ? this.#shortWrites + 1 : 0;
    const needsRoom = end > this.#allocated && this.#shortWrites > SHORT_WRITES_BEFORE_ROOM;
    const room = needsRoom ? [new Uint8Array(ROOM_BYTES)] : [];
    const total = end - start + lengthOf(room);
    this.size = end;
    this.#allocated = Math.max(this.#allocated, start + total);
    const bytesWritten = isShort
      ? writevSync(this.#handle.fd, [...chunks, ...room], start)
      : (await this.#handle.writev(chunks as Uint8Array[], start)).bytesWritten;
    if (bytesWritten !== total) throw new Error(`Short write: ${bytesWritten} of ${total} bytes`);
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - offset)));
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  }

  async truncate(size: number): Promise<void> {
    await this.#handle.truncate(size);
    this.size = size;
    this.#allocated = size;
  }

  /** Gives the room back. */
  async close(): Promise<void> {
    if (this.#allocated > this.size) await this.#handle.truncate(this.size);
    await this.#handle.close();
  }
}

async function endOfContent(handle: FileHandle, size: number): Promise<number> {
  const buffer = Buffer.alloc(SEARCHED_BYTES);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - SEARCHED_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, end - start, start);
    for (let i = bytesRead - 1; i >= 0; i--) if (buffer[i] !== 0) return start + i + 1;
    end = start;
  }
  return 0;
}
