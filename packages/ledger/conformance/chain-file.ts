import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { concat, uint32 } from '@healthchain/core';

/** Blocks repeat certificates all over: the window has to span many of them. */
const PARAMETERS = {
  [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
  [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
};

/** A chain as a file: each marshalled common.Block, as a peer delivers it, after its length in four bytes; Brotli over all. */
export function encodeChain(blocks: readonly Uint8Array[]): Uint8Array {
  const framed = concat(...blocks.flatMap((block) => [uint32(block.length), block]));
  return brotliCompressSync(framed, { params: PARAMETERS });
}

export function decodeChain(file: Uint8Array): Uint8Array[] {
  const bytes = brotliDecompressSync(file);
  const blocks: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const end = offset + 4 + bytes.readUInt32BE(offset);
    blocks.push(new Uint8Array(bytes.subarray(offset + 4, end)));
    offset = end;
  }
  return blocks;
}
