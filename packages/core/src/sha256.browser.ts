import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from './bytes.ts';

export function sha256(data: Uint8Array): Bytes {
  return new Uint8Array(nobleSha256(data));
}
