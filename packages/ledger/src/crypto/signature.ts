import { createPrivateKey, sign, verify, type KeyObject } from 'node:crypto';
import type { Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_ORDER = ORDER >> 1n;
const SCALAR_BYTES = 32;

/** @throws LedgerError MALFORMED when it is no P-256 private key */
export function importPrivateKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new LedgerError('MALFORMED', 'Not a private key in PEM', { cause });
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new LedgerError('MALFORMED', 'Not a P-256 key');
  return key;
}

/**
 * Low-S DER ECDSA over SHA-256 of `message`, the only form that Fabric accepts. The key is handed over bare: with options beside
 * it `sign` takes more than twice the time.
 */
export function signDigestless(privateKey: KeyObject, message: Uint8Array): Bytes {
  const low = toLowS(sign('sha256', message, privateKey));
  if (low === undefined) throw new LedgerError('MALFORMED', 'Not a key that signs with ECDSA');
  return low;
}

/** fabric-gateway's signer, for `connect({ signer, hash: hash.none })`. */
export function nativeSigner(privateKeyPem: string): (message: Uint8Array) => Promise<Uint8Array> {
  const key = importPrivateKey(privateKeyPem);
  return (message) => Promise.resolve(signDigestless(key, message));
}

/** ECDSA with SHA-256 refusing high-S, or Ed25519 (capability V3_0). False for anything malformed. */
export function verifySignature(publicKey: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.asymmetricKeyType === 'ed25519') return verify(null, message, publicKey, signature);
  const scalars = decodeSignature(signature);
  if (scalars === undefined || isHighS(scalars.s)) return false;
  const canonical = scalars.canonical ? signature : encodeSignature(scalars.r, scalars.s);
  return verify('sha256', message, publicKey, canonical);
}

/** The same signature with its S in the lower half; undefined when it is no ECDSA signature. */
export function toLowS(signature: Uint8Array): Bytes | undefined {
  const scalars = decodeSignature(signature);
  if (scalars === undefined) return undefined;
  return encodeSignature(scalars.r, isHighS(scalars.s) ? fromScalar(ORDER - toScalar(scalars.s)) : scalars.s);
}

interface Scalars {
  readonly r: Uint8Array;
  readonly s: Uint8Array;
  /** The signature holds nothing but the two numbers. */
  readonly canonical: boolean;
}

/**
 * As Go's asn1.Unmarshal into two big.Ints: shortest lengths and numbers, both positive; what follows the numbers or the
 * sequence is ignored.
 */
function decodeSignature(signature: Uint8Array): Scalars | undefined {
  const sequence = decodeElement(signature, 0, 0x30);
  if (sequence === undefined) return undefined;
  const r = decodeElement(sequence.content, 0, 0x02);
  if (r === undefined || !isPositive(r.content)) return undefined;
  const s = decodeElement(sequence.content, r.end, 0x02);
  if (s === undefined || !isPositive(s.content)) return undefined;
  return {
    r: r.content,
    s: s.content,
    canonical: sequence.end === signature.length && s.end === sequence.content.length,
  };
}

function decodeElement(
  bytes: Uint8Array,
  start: number,
  tag: number,
): { content: Uint8Array; end: number } | undefined {
  if (bytes[start] !== tag) return undefined;
  let length = bytes[start + 1];
  let position = start + 2;
  if (length === undefined || length === 0x80) return undefined;
  if (length > 0x80) {
    const count = length - 0x80;
    if (count > 3 || bytes[position] === 0) return undefined;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[position++] ?? Number.NaN);
    if (!(length >= 0x80)) return undefined;
  }
  const end = position + length;
  return end > bytes.length ? undefined : { content: bytes.subarray(position, end), end };
}

/** Of a DER INTEGER: greater than 0 and not padded. */
function isPositive(integer: Uint8Array): boolean {
  const [first, second] = integer;
  if (first === undefined || first >= 0x80) return false;
  if (first === 0) return second !== undefined && second >= 0x80;
  return true;
}

function isHighS(s: Uint8Array): boolean {
  const significant = s[0] === 0 ? s.subarray(1) : s;
  if (significant.length < SCALAR_BYTES) return false;
  if (significant.length === SCALAR_BYTES && (significant[0] as number) < 0x7f) return false;
  return toScalar(significant) > HALF_ORDER;
}

function toScalar(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`);
}

function fromScalar(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex');
}

/** Both numbers are shorter than 128 bytes by their callers. */
function encodeSignature(r: Uint8Array, s: Uint8Array): Bytes {
  const numbers = [r, s].map(shortest);
  const content = numbers.reduce((sum, number) => sum + 2 + number.length, 0);
  const bytes = new Uint8Array(2 + content);
  bytes[0] = 0x30;
  bytes[1] = content;
  let offset = 2;
  for (const number of numbers) {
    bytes[offset] = 0x02;
    bytes[offset + 1] = number.length;
    bytes.set(number, offset + 2);
    offset += 2 + number.length;
  }
  return bytes;
}

function shortest(number: Uint8Array): Uint8Array {
  let start = 0;
  while (start < number.length - 1 && number[start] === 0) start++;
  const significant = number.subarray(start);
  if ((significant[0] as number) < 0x80) return significant;
  const padded = new Uint8Array(significant.length + 1);
  padded.set(significant, 1);
  return padded;
}
