import { BLOCK_BYTES, HEADER_BYTES } from './log-file.ts';
import { FOOTER_BYTES, footerContentBytes } from './table-file.ts';

const MAGIC_BYTES = 8;

/** Whether a byte of a LevelDB file is filling that nothing reads: the end of a log's block, or the middle of a table's footer. */
export function isFilling(name: string, bytes: Uint8Array, offset: number): boolean {
  if (name.endsWith('.ldb')) {
    const footerStart = bytes.length - FOOTER_BYTES;
    return offset >= footerStart + footerContentBytes(bytes) && offset < bytes.length - MAGIC_BYTES;
  }
  if (name === 'CURRENT') return false;
  return BLOCK_BYTES - (offset % BLOCK_BYTES) < HEADER_BYTES && isBlockEnd(bytes, offset);
}

/** The last bytes of a block belong to a fragment unless they are zeros up to its end. */
function isBlockEnd(bytes: Uint8Array, offset: number): boolean {
  const end = offset - (offset % BLOCK_BYTES) + BLOCK_BYTES;
  return end <= bytes.length && bytes.subarray(offset, end).every((byte) => byte === 0);
}
