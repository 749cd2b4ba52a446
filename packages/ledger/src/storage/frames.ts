import { createHash } from 'node:crypto';
import { lengthOf } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { pack, unpack } from './packing.ts';

/**
 * A frame of a block segment: magic, number of the block, length of the packed payload (all big-endian), SHA-256 over number and
 * packed payload, packed payload, and a last byte that is no zero, as zeros behind the frames of a log are room. A frame stands
 * for itself: it can be found and checked without what comes before it.
 */
const FRAME_HEADER_BYTES = 48;
const MAGIC = 0x48434233;
const END = Uint8Array.of(0xff);

export type FrameState =
  | { readonly kind: 'whole'; readonly number: number; readonly payload: Uint8Array; readonly end: number }
  /** The bytes end before the frame does. */
  | { readonly kind: 'torn' }
  /** The frame is complete but its checksum, or its magic, does not hold. */
  | { readonly kind: 'corrupt'; readonly number?: number };

/** The bytes of a frame, in parts. */
export function encodeFrame(number: number, payload: readonly Uint8Array[]): Uint8Array[] {
  const stored = pack(payload);
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeBigUInt64BE(BigInt(number), 4);
  header.writeUInt32BE(lengthOf(stored), 12);
  frameDigest(number, stored).copy(header, 16);
  return [header, ...stored, END];
}

/** Reads the frame at `offset`; `end` of a whole frame is where the next begins. */
export function readFrame(bytes: Uint8Array, offset: number): FrameState {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length - offset < FRAME_HEADER_BYTES) return { kind: 'torn' };
  if (view.readUInt32BE(offset) !== MAGIC) return { kind: 'corrupt' };
  const number = Number(view.readBigUInt64BE(offset + 4));
  const start = offset + FRAME_HEADER_BYTES;
  const last = start + view.readUInt32BE(offset + 12);
  if (last >= view.length) return { kind: 'torn' };
  const stored = view.subarray(start, last);
  const isIntact =
    view[last] === END[0] && frameDigest(number, [stored]).equals(view.subarray(offset + 16, start));
  const payload = isIntact ? payloadOf(stored) : undefined;
  return payload === undefined
    ? { kind: 'corrupt', number }
    : { kind: 'whole', number, payload, end: last + END.length };
}

/** Undefined where the digest is right and what it is of is not. */
function payloadOf(stored: Uint8Array): Uint8Array | undefined {
  try {
    return unpack(stored);
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

/** Where the next intact frame begins after `offset`, in bytes that no frame explains. */
export function nextWholeFrame(bytes: Uint8Array, offset: number): number | undefined {
  const magic = Buffer.alloc(4);
  magic.writeUInt32BE(MAGIC, 0);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let found = view.indexOf(magic, offset + 1);
  while (found >= 0 && readFrame(view, found).kind !== 'whole') found = view.indexOf(magic, found + 1);
  return found < 0 ? undefined : found;
}

function frameDigest(number: number, payload: readonly Uint8Array[]): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64BE(BigInt(number), 0);
  const digest = createHash('sha256').update(prefix);
  for (const part of payload) digest.update(part);
  return digest.digest();
}
