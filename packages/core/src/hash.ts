import { sha256 } from '#sha256';
import { lengthPrefixed, utf8, type Bytes } from './bytes.ts';

export { sha256 };

/**
 * The preimage of every hash and signature of our own: the length-prefixed label `healthchain/v1/<what>`, then the
 * length-prefixed parts (custody.md section 7).
 */
export function labelled(what: string, ...parts: readonly Uint8Array[]): Bytes {
  return lengthPrefixed(utf8(`healthchain/v1/${what}`), ...parts);
}

export function labelledHash(what: string, ...parts: readonly Uint8Array[]): Bytes {
  return sha256(labelled(what, ...parts));
}
