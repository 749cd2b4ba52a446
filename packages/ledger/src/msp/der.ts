import { concat, utf8, type Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';

/** The ASN.1 tags that certificates and revocation lists use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const FIRST_GENERALIZED_YEAR = 2050;

/** One DER element: views into the bytes that it was read from. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag and length included. */
  readonly whole: Uint8Array;
}

/** The elements that `bytes` consists of. @throws LedgerError MALFORMED */
export function elements(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const element = elementAt(bytes, offset);
    found.push(element);
    offset += element.whole.length;
  }
  return found;
}

/** The elements inside the single element that `bytes` is, which has to carry `tag`. */
export function inside(bytes: Uint8Array, tag: number): Element[] {
  const element = elementAt(bytes, 0);
  if (element.tag !== tag || element.whole.length !== bytes.length) throw malformed('unexpected element');
  return elements(element.content);
}

export function elementAt(bytes: Uint8Array, offset: number): Element {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f)
    throw malformed('cut or unsupported tag');
  let length = first;
  let start = offset + 2;
  if (first >= 0x80) {
    const count = first - 0x80;
    if (count === 0 || count > 4) throw malformed('unsupported length');
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start++] ?? Number.NaN);
  }
  const end = start + length;
  if (!(end <= bytes.length)) throw malformed('cut element');
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(offset, end) };
}

export function readOid(content: Uint8Array): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(value);
    value = 0;
  }
  const first = Math.min(2, Math.floor((numbers[0] ?? 0) / 40));
  return [first, (numbers[0] ?? 0) - 40 * first, ...numbers.slice(1)].join('.');
}

export function writeElement(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const content = concat(...contents);
  return concat(Uint8Array.of(tag), lengthOf(content.length), content);
}

export function sequence(...contents: readonly Uint8Array[]): Bytes {
  return writeElement(TAG.sequence, ...contents);
}

export function writeOid(oid: string): Bytes {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  return writeElement(TAG.oid, ...[first * 40 + second, ...rest].map(base128));
}

/** A non-negative INTEGER from its big-endian bytes. */
export function writeInteger(bytes: Uint8Array): Bytes {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const significant = bytes.subarray(start);
  const padding = (significant[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return writeElement(TAG.integer, padding, significant);
}

export function writeBitString(bytes: Uint8Array, unusedBits = 0): Bytes {
  return writeElement(TAG.bitString, Uint8Array.of(unusedBits), bytes);
}

export function writeText(tag: number, text: string): Bytes {
  return writeElement(tag, utf8(text));
}

/** To the second. */
export function writeTime(date: Date): Bytes {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < FIRST_GENERALIZED_YEAR
    ? writeText(TAG.utcTime, digits.slice(2))
    : writeText(TAG.generalizedTime, digits);
}

function base128(value: number): Uint8Array {
  const bytes = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    bytes.unshift((rest & 0x7f) | 0x80);
  return Uint8Array.from(bytes);
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff);
  return Uint8Array.of(0x80 + bytes.length, ...bytes);
}

function malformed(what: string): LedgerError {
  return new LedgerError('MALFORMED', `Malformed DER: ${what}`);
}
