import { toHex, utf8 } from './bytes.ts';
import { labelledHash } from './hash.ts';

/** X-Wing: an encapsulation key of ML-KEM-768, then a point of X25519 (draft-connolly-cfrg-xwing-kem, section 5.1). */
export const INTAKE_KEY_BYTES = 1_216;

const COEFFICIENT_BYTES = 1_152;
const POINT_BEGIN = 1_184;
const MODULUS = 3_329;

/** The id of an intake key says which key it is, whose, and where: a swapped key is noticed by who seals. */
export function intakeKeyId(channel: string, mspId: string, publicKey: Uint8Array): string {
  return toHex(labelledHash('intake-key', utf8(channel), utf8(mspId), publicKey));
}

/**
 * Can anybody seal to these bytes? Every coefficient is below the modulus (FIPS 203, section 7.2), and the point is not one of
 * small order, whose shared secret is zero (RFC 7748, section 6.1).
 */
export function isIntakeKey(publicKey: Uint8Array): boolean {
  return (
    publicKey.length === INTAKE_KEY_BYTES &&
    hasReducedCoefficients(publicKey) &&
    !SMALL_ORDER.has(toHex(unmasked(publicKey.subarray(POINT_BEGIN))))
  );
}

/** Two coefficients of twelve bits in three bytes, least significant first. */
function hasReducedCoefficients(bytes: Uint8Array): boolean {
  for (let i = 0; i < COEFFICIENT_BYTES; i += 3) {
    const [a, b, c] = [bytes[i] as number, bytes[i + 1] as number, bytes[i + 2] as number];
    if ((a | ((b & 0x0f) << 8)) >= MODULUS || ((b >> 4) | (c << 4)) >= MODULUS) return false;
  }
  return true;
}

/** The highest bit of a point does not count (RFC 7748, section 5). */
function unmasked(point: Uint8Array): Uint8Array {
  const copy = point.slice();
  copy[31] = (copy[31] as number) & 0x7f;
  return copy;
}

/** Little-endian, the ones not below the prime included. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);
