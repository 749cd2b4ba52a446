import {
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import type { Bytes } from '@healthchain/core';
import { CustodyError } from './errors.ts';

/** Signs a labelled message: ECDSA P-256 over its SHA-256, DER, low-S. */
export interface Signer {
  sign(message: Uint8Array): Uint8Array;
}

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_ORDER = ORDER >> 1n;

/**
 * The key is handed to `sign` and `verify` bare: with options beside it they take more than twice the time.
 *
 * @throws CustodyError BAD_KEY when the PEM is not a P-256 private key
 */
export function ecdsaSigner(privateKeyPem: string): Signer {
  const key = p256(() => createPrivateKey(privateKeyPem));
  return {
    sign: (message) => {
      const raw = decodeDer(sign('sha256', message, key));
      if (raw === undefined) throw new Error('OpenSSL wrote a signature that is not DER');
      return encodeDer(lowS(raw));
    },
  };
}

/** False for a high-S or non-canonical DER signature too, so that one signature has one spelling. Never throws. */
export function verifySignature(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  const raw = decodeDer(signature);
  if (raw === undefined || toBigInt(raw.subarray(32)) > HALF_ORDER) return false;
  return verify('sha256', message, key, signature);
}

/** @throws CustodyError BAD_KEY when the PEM is no certificate over a P-256 key */
export function certificateKey(certificatePem: string): KeyObject {
  return p256(() =>
    createPublicKey(new X509Certificate(certificatePem).publicKey.export({ format: 'pem', type: 'spki' })),
  );
}

function p256(load: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = load();
  } catch (cause) {
    throw new CustodyError('BAD_KEY', 'The key cannot be read', { cause });
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new CustodyError('BAD_KEY', 'The key is not on the curve P-256');
  }
  return key;
}

function lowS(raw: Uint8Array): Uint8Array {
  const s = toBigInt(raw.subarray(32));
  if (s <= HALF_ORDER) return raw;
  const low = Buffer.from(raw);
  low.set(Buffer.from((ORDER - s).toString(16).padStart(64, '0'), 'hex'), 32);
  return low;
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function encodeDer(raw: Uint8Array): Bytes {
  const r = derInteger(raw.subarray(0, 32));
  const s = derInteger(raw.subarray(32));
  return Uint8Array.of(0x30, r.length + s.length, ...r, ...s);
}

function derInteger(value: Uint8Array): number[] {
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start++;
  const digits = [...value.subarray(start)];
  if ((digits[0] as number) >= 0x80) digits.unshift(0);
  return [0x02, digits.length, ...digits];
}

/** Strict DER: what `encodeDer` would not write is refused. */
function decodeDer(der: Uint8Array): Uint8Array | undefined {
  const rLength = der[3] ?? 0;
  const r = der.subarray(4, 4 + rLength);
  const s = der.subarray(6 + rLength);
  if (r.length === 0 || s.length === 0 || r.length > 33 || s.length > 33) return undefined;
  const raw = new Uint8Array(64);
  raw.set(r.subarray(-32), 32 - Math.min(32, r.length));
  raw.set(s.subarray(-32), 64 - Math.min(32, s.length));
  return Buffer.compare(encodeDer(raw), der) === 0 ? raw : undefined;
}
