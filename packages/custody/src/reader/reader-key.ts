import { toBase64 } from '@healthchain/core';
import { freshBytes } from '../envelope/envelope.ts';
import { X_WING, X_WING_SEED_LENGTH, type XWingPrivateKey } from '../hpke/x-wing.ts';
import type { Randomness } from '../ports.ts';

/** A key pair for one request; the private half lives in memory for that request only. */
export interface ReaderKey {
  /** Base64, for the request's `readerKey`. */
  readonly publicKey: string;
  readonly privateKey: XWingPrivateKey;
}

export function createReaderKey(random: Randomness = freshBytes): ReaderKey {
  const privateKey = X_WING.importPrivate(random(X_WING_SEED_LENGTH));
  return { publicKey: toBase64(privateKey.publicKey.bytes), privateKey };
}
