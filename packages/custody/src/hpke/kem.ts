import { concat, utf8, type Bytes } from '@healthchain/core';
import { expand, extract } from './hkdf.ts';

/** A key encapsulation mechanism of RFC 9180 section 4, over opaque key objects so that each key is imported once. */
export interface Kem<Public, Private> {
  readonly id: number;
  /** Bytes of an encapsulation. */
  readonly encLength: number;
  /** @throws CustodyError BAD_KEY */
  importPublic(bytes: Uint8Array): Public;
  exportPublic(key: Public): Bytes;
  /** @throws CustodyError BAD_KEY */
  importPrivate(bytes: Uint8Array): Private;
  encapsulate(recipient: Public): Encapsulation;
  /** @throws CustodyError OPEN_FAILED when the encapsulation is not one */
  decapsulate(enc: Uint8Array, recipient: Private): Bytes;
}

export interface Encapsulation {
  readonly sharedSecret: Bytes;
  readonly enc: Bytes;
}

const VERSION = utf8('HPKE-v1');

/** RFC 9180 section 4. */
export function labeledExtract(
  suite: Uint8Array,
  salt: Uint8Array,
  label: string,
  inputKey: Uint8Array,
): Bytes {
  return extract(salt, concat(VERSION, suite, utf8(label), inputKey));
}

/** RFC 9180 section 4. */
export function labeledExpand(
  suite: Uint8Array,
  key: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Bytes {
  return expand(key, concat(uint16(length), VERSION, suite, utf8(label), info), length);
}

/** I2OSP(value, 2). */
export function uint16(value: number): Bytes {
  return Uint8Array.of(value >> 8, value & 0xff);
}
