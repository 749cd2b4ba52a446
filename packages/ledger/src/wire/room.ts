import type { Bytes } from '@healthchain/core';

const SLAB_BYTES = 128 * 1024;
/** Longer arrays stand for themselves: one of them would keep a whole slab alive. */
const LONGEST_BYTES = SLAB_BYTES / 8;

let slab = new ArrayBuffer(SLAB_BYTES);
let used = 0;

/**
 * Room for an encoding. Messages of a few thousand bytes are made by the hundred thousand: many of them share one allocation,
 * so who hands one to another thread copies it first.
 */
export function roomFor(length: number): Bytes {
  if (length > LONGEST_BYTES) return new Uint8Array(length);
  if (used + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    used = 0;
  }
  const bytes = new Uint8Array(slab, used, length);
  used += length;
  return bytes;
}
