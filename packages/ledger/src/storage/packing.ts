import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { lengthOf } from '@healthchain/core';
import { LedgerError } from '../error.ts';

/**
 * What is stored of a payload: chunks, each with its stored length and its length before packing (big-endian, 4 bytes each; 0
 * where it is stored as it is). Packed with Zstandard (RFC 8878): the certificates in a block's transactions are few and come again and again.
 */
const CHUNK_HEADER_BYTES = 8;
/** Shorter parts are stored as they are: packing one takes longer than writing it. */
const PACKED_FROM_BYTES = 16 * 1024;
/** No chunk unpacks to more. */
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
/** Nearly as small as at higher levels, for half the time. */
const OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

const packed = new WeakMap<Uint8Array, Uint8Array>();

/** The chunks of a payload in parts. A long part is packed once for as long as it lives: many nodes store the same. */
export function pack(payload: readonly Uint8Array[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let plain: Uint8Array[] = [];
  const flush = () => {
    if (plain.length > 0) chunks.push(chunkHeader(lengthOf(plain), 0), ...plain);
    plain = [];
  };
  for (const part of payload) {
    const short = part.length < PACKED_FROM_BYTES ? part : packedOnce(part);
    if (short.length >= part.length) plain.push(part);
    else {
      flush();
      chunks.push(chunkHeader(short.length, part.length), short);
    }
  }
  flush();
  return chunks;
}

/** @throws LedgerError MALFORMED */
export function unpack(stored: Uint8Array): Uint8Array {
  const view = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < view.length;) {
    if (offset + CHUNK_HEADER_BYTES > view.length) throw malformed();
    const start = offset + CHUNK_HEADER_BYTES;
    const end = start + view.readUInt32BE(offset);
    if (end > view.length) throw malformed();
    const unpackedLength = view.readUInt32BE(offset + 4);
    const chunk = view.subarray(start, end);
    parts.push(unpackedLength === 0 ? chunk : unpackChunk(chunk, unpackedLength));
    offset = end;
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

function packedOnce(part: Uint8Array): Uint8Array {
  let short = packed.get(part);
  if (short === undefined) {
    short = zstdCompressSync(part, OPTIONS);
    packed.set(part, short);
  }
  return short;
}

function unpackChunk(chunk: Uint8Array, length: number): Uint8Array {
  if (length > MAX_UNPACKED_BYTES) throw malformed();
  let part: Uint8Array;
  try {
    part = zstdDecompressSync(chunk, { maxOutputLength: length });
  } catch (cause) {
    throw malformed(cause);
  }
  if (part.length !== length) throw malformed();
  return part;
}

function chunkHeader(length: number, unpackedLength: number): Buffer {
  const header = Buffer.allocUnsafe(CHUNK_HEADER_BYTES);
  header.writeUInt32BE(length, 0);
  header.writeUInt32BE(unpackedLength, 4);
  return header;
}

function malformed(cause?: unknown): LedgerError {
  return new LedgerError('MALFORMED', 'Not a packed payload', { cause });
}
