import { equalBytes, intakeKeyId, type Bytes } from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import { X_WING, type XWingPublicKey } from '../hpke/x-wing.ts';

/** A custodian's public intake key, as the ledger shows it. */
export interface PublicIntakeKey {
  readonly mspId: string;
  readonly keyId: string;
  /** X-Wing, 1,216 bytes. */
  readonly publicKey: Uint8Array;
}

const IMPORTS_KEPT = 256;
const imports = new Map<string, { readonly bytes: Bytes; readonly key: XWingPublicKey }>();

/** The key ready for use; imported once. @throws CustodyError BAD_KEY when id and key do not belong together */
export function importIntakeKey(
  channel: string,
  { mspId, keyId, publicKey }: PublicIntakeKey,
): XWingPublicKey {
  const kept = imports.get(keyId);
  if (kept !== undefined && equalBytes(kept.bytes, publicKey)) return kept.key;
  if (intakeKeyId(channel, mspId, publicKey) !== keyId) {
    throw new CustodyError('BAD_KEY', `The intake key of ${mspId} does not belong to its id`);
  }
  const key = X_WING.importPublic(publicKey);
  if (imports.size >= IMPORTS_KEPT) imports.clear();
  imports.set(keyId, { bytes: key.bytes, key });
  return key;
}
