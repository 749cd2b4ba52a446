import { createCipheriv, createDecipheriv, createSecretKey, type CipherGCMTypes } from 'node:crypto';
import { concat, utf8, type Bytes } from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import { labeledExpand, labeledExtract, uint16 } from './kem.ts';
import { X_WING, type XWingPrivateKey, type XWingPublicKey } from './x-wing.ts';

/** An AEAD of RFC 9180 section 7.3. */
export interface Aead {
  readonly id: number;
  readonly cipher: CipherGCMTypes;
  readonly keyLength: number;
}

export const AES_256_GCM: Aead = { id: 2, cipher: 'aes-256-gcm', keyLength: 32 };

/** Sealing suite 1: mode base, X-Wing, HKDF-SHA256, AES-256-GCM, one message a context. First byte of everything sealed. */
export const SEAL_SUITE = 1;

const HKDF_SHA256 = 1;
const MODE_BASE = 0;
const TAG = 16;
const NOTHING = new Uint8Array(0);

/** The key schedule of section 5.1 up to the secret that all outputs are expanded from. */
export interface Schedule {
  readonly suite: Bytes;
  readonly secret: Bytes;
  readonly context: Bytes;
}

export interface MessageKeys {
  readonly key: Bytes;
  readonly baseNonce: Bytes;
}

export function schedule(kemId: number, aead: Aead, sharedSecret: Uint8Array, info: Uint8Array): Schedule {
  const suite = concat(utf8('HPKE'), uint16(kemId), uint16(HKDF_SHA256), uint16(aead.id));
  const context = concat(
    Uint8Array.of(MODE_BASE),
    labeledExtract(suite, NOTHING, 'psk_id_hash', NOTHING),
    labeledExtract(suite, NOTHING, 'info_hash', info),
  );
  return { suite, secret: labeledExtract(suite, sharedSecret, 'secret', NOTHING), context };
}

export function messageKeys({ suite, secret, context }: Schedule, aead: Aead): MessageKeys {
  return {
    key: labeledExpand(suite, secret, 'key', context, aead.keyLength),
    baseNonce: labeledExpand(suite, secret, 'base_nonce', context, 12),
  };
}

export interface Message {
  readonly aad: Uint8Array;
  /** Plaintext to seal, ciphertext to open. */
  readonly content: Uint8Array;
  readonly sequence: number;
}

export function sealMessage(aead: Aead, keys: MessageKeys, { aad, content, sequence }: Message): Bytes {
  const key = createSecretKey(keys.key);
  const cipher = createCipheriv(aead.cipher, key, nonceOf(keys, sequence), { authTagLength: TAG });
  cipher.setAAD(aad, { plaintextLength: content.length });
  return concat(cipher.update(content), cipher.final(), cipher.getAuthTag());
}

/** @throws CustodyError OPEN_FAILED */
export function openMessage(aead: Aead, keys: MessageKeys, { aad, content, sequence }: Message): Bytes {
  const border = content.length - TAG;
  if (border < 0) throw new CustodyError('OPEN_FAILED', 'The message is shorter than its tag');
  const key = createSecretKey(keys.key);
  const cipher = createDecipheriv(aead.cipher, key, nonceOf(keys, sequence), { authTagLength: TAG });
  cipher.setAAD(aad, { plaintextLength: border });
  cipher.setAuthTag(content.subarray(border));
  try {
    return concat(cipher.update(content.subarray(0, border)), cipher.final());
  } catch (cause) {
    throw new CustodyError('OPEN_FAILED', 'The message does not open', { cause });
  }
}

/** What a sealed message is for: it opens under the same `info` and `aad` only. */
export interface Binding {
  readonly info: Uint8Array;
  readonly aad: Uint8Array;
}

/** Single-shot sealing of section 6.1: suite ‖ encapsulation ‖ ciphertext. */
export function sealFor(recipient: XWingPublicKey, binding: Binding, plaintext: Uint8Array): Bytes {
  const { sharedSecret, enc } = X_WING.encapsulate(recipient);
  const keys = messageKeys(schedule(X_WING.id, AES_256_GCM, sharedSecret, binding.info), AES_256_GCM);
  const body = sealMessage(AES_256_GCM, keys, { aad: binding.aad, content: plaintext, sequence: 0 });
  return concat(Uint8Array.of(SEAL_SUITE), enc, body);
}

/**
 * @throws CustodyError UNKNOWN_SUITE; OPEN_FAILED for another key, info or aad, or an altered message: which one is not told
 */
export function openSealed(recipient: XWingPrivateKey, binding: Binding, sealed: Uint8Array): Bytes {
  if (sealed[0] !== SEAL_SUITE)
    throw new CustodyError('UNKNOWN_SUITE', `Sealing suite ${sealed[0]} is not known`);
  const bodyStart = 1 + X_WING.encLength;
  const sharedSecret = X_WING.decapsulate(sealed.subarray(1, bodyStart), recipient);
  const keys = messageKeys(schedule(X_WING.id, AES_256_GCM, sharedSecret, binding.info), AES_256_GCM);
  return openMessage(AES_256_GCM, keys, {
    aad: binding.aad,
    content: sealed.subarray(bodyStart),
    sequence: 0,
  });
}

/** Section 5.2, ComputeNonce: the base nonce XOR the sequence number. */
function nonceOf(keys: MessageKeys, sequence: number): Bytes {
  const nonce = new Uint8Array(keys.baseNonce);
  const view = new DataView(nonce.buffer);
  view.setUint32(8, view.getUint32(8) ^ sequence);
  return nonce;
}
