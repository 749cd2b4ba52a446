import { maskedCrc32c } from './crc32c.ts';
import type { FileDamage } from './log-file.ts';
import { LevelBytes } from './reader.ts';
import { unpackSnappy } from './snappy.ts';

/** One version of one key. */
export interface LevelEntry {
  readonly key: Buffer;
  readonly sequence: bigint;
  /** Undefined: the key was deleted. */
  readonly value: Buffer | undefined;
}

const MAGIC = 0xdb4775248b80fb57n;
export const FOOTER_BYTES = 48;
/** Kind of packing (1) and checksum (4) after each block. */
const TRAILER_BYTES = 5;
const SNAPPY = 1;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

export interface TableContent {
  /** What can be read, of damaged blocks too: whoever uses an entry checks it. */
  readonly entries: readonly LevelEntry[];
  readonly damages: readonly Omit<FileDamage, 'file'>[];
}

/** All entries of a table (LevelDB doc/table_format.md), each block against its checksum. */
export function readTable(bytes: Uint8Array): TableContent {
  const entries: LevelEntry[] = [];
  const damages: Omit<FileDamage, 'file'>[] = [];
  const attempt = <T>(offset: number, what: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      damages.push({ offset, what });
      return undefined;
    }
  };
  const footerAt = Math.max(0, bytes.length - FOOTER_BYTES);
  const footer = attempt(footerAt, 'the footer of the table', () => footerOf(bytes));
  if (footer === undefined) return { entries, damages };
  const index = attempt(footer.index.offset, 'the index of the table', () =>
    intactBlock(bytes, footer.index),
  );
  const others = attempt(footer.metaIndex.offset, 'the directory of the table', () =>
    blockEntries(intactBlock(bytes, footer.metaIndex)),
  );
  for (const { value } of others ?? []) {
    const handle = handleOf(new LevelBytes(value));
    attempt(handle.offset, 'a filter of the table', () => intactBlock(bytes, handle));
  }
  for (const { value } of index === undefined ? [] : blockEntries(index)) {
    const handle = handleOf(new LevelBytes(value));
    attempt(handle.offset, 'a block of rows', () => {
      const isIntact = checksumHolds(bytes, handle);
      const rows = blockEntries(unpacked(bytes, handle)).map(entryOf);
      entries.push(...rows);
      if (!isIntact) throw new RangeError('The checksum does not hold');
    });
  }
  return { entries, damages };
}

/** Of a sound table: how much of its footer the two handles take. */
export function footerContentBytes(bytes: Uint8Array): number {
  const footer = new LevelBytes(bytes.subarray(-FOOTER_BYTES));
  handleOf(footer);
  handleOf(footer);
  return footer.at;
}

function footerOf(bytes: Uint8Array): { readonly metaIndex: Handle; readonly index: Handle } {
  const footer = new LevelBytes(bytes.subarray(-FOOTER_BYTES));
  const metaIndex = handleOf(footer);
  const index = handleOf(footer);
  footer.at = FOOTER_BYTES - 8;
  if (footer.uint64() !== MAGIC) throw new RangeError('This is no table');
  return { metaIndex, index };
}

function handleOf(reader: LevelBytes): Handle {
  return { offset: reader.varint(), size: reader.varint() };
}

function intactBlock(bytes: Uint8Array, handle: Handle): Buffer {
  if (!checksumHolds(bytes, handle)) throw new RangeError('The checksum does not hold');
  return unpacked(bytes, handle);
}

function checksumHolds(bytes: Uint8Array, handle: Handle): boolean {
  const block = stored(bytes, handle);
  return maskedCrc32c(block.subarray(0, handle.size + 1)) === block.readUInt32LE(handle.size + 1);
}

function unpacked(bytes: Uint8Array, handle: Handle): Buffer {
  const block = stored(bytes, handle);
  const content = block.subarray(0, handle.size);
  return block[handle.size] === SNAPPY ? unpackSnappy(content) : content;
}

/** A block with its trailer. */
function stored(bytes: Uint8Array, { offset, size }: Handle): Buffer {
  const reader = new LevelBytes(bytes);
  reader.at = offset;
  return reader.take(size + TRAILER_BYTES);
}

/** Keys share their beginning with the key before; the places of those that do not stand at the end of the block. */
function blockEntries(block: Buffer): { readonly key: Buffer; readonly value: Buffer }[] {
  const restarts = block.readUInt32LE(block.length - 4);
  const end = block.length - 4 * (restarts + 1);
  const reader = new LevelBytes(block);
  const entries: { readonly key: Buffer; readonly value: Buffer }[] = [];
  let key: Buffer = Buffer.alloc(0);
  while (reader.at < end) {
    const [shared, own, size] = [reader.varint(), reader.varint(), reader.varint()];
    if (shared > key.length) throw new RangeError('A key shares more than there is');
    key = Buffer.concat([key.subarray(0, shared), reader.take(own)]);
    entries.push({ key, value: reader.take(size) });
  }
  return entries;
}

/** A stored key ends with sequence number and kind, 7 and 1 bytes. */
function entryOf({ key, value }: { readonly key: Buffer; readonly value: Buffer }): LevelEntry {
  const border = key.length - 8;
  const trailer = key.readBigUInt64LE(border);
  const isPut = (trailer & 0xffn) === 1n;
  return { key: key.subarray(0, border), sequence: trailer >> 8n, value: isPut ? value : undefined };
}
