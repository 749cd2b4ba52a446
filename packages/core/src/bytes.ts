import { CoreError } from './error.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64_CODES = encoder.encode(BASE64);
const PADDING = 0x3d;
const SEXTETS = Int8Array.from({ length: 128 }, (_, code) => BASE64.indexOf(String.fromCharCode(code)));
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export type Bytes = Uint8Array<ArrayBuffer>;

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** @throws CoreError BAD_ENCODING when the bytes are not UTF-8 */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new CoreError('BAD_ENCODING', 'The bytes are not valid UTF-8', { cause });
  }
}

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Lower-case hexadecimal only, so that one value has one spelling. */
export function fromHex(text: string): Bytes {
  const bytes = new Uint8Array(Math.ceil(text.length / 2));
  for (let i = 0; i < bytes.length; i++) {
    const value = (nibble(text, 2 * i) << 4) | nibble(text, 2 * i + 1);
    if (value < 0) throw new CoreError('BAD_ENCODING', 'Not lower-case hexadecimal');
    bytes[i] = value;
  }
  return bytes;
}

/** -1: not a lower-case hexadecimal digit. */
function nibble(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}

export function toBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(PADDING);
  for (let at = 0, written = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const bits = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    codes[written++] = digit(bits >>> 18);
    codes[written++] = digit(bits >>> 12);
    if (left > 1) codes[written++] = digit(bits >>> 6);
    if (left > 2) codes[written++] = digit(bits);
  }
  return decoder.decode(codes);
}

function digit(bits: number): number {
  return BASE64_CODES[bits & 63] as number;
}

export function fromBase64(text: string): Bytes {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const end = text.length - padding;
  if (text.length % 4 !== 0) throw new CoreError('BAD_ENCODING', 'Not padded base64');
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let at = 0, written = 0; at < end; at += 4) {
    const bits =
      (sextet(text, at, end) << 18) |
      (sextet(text, at + 1, end) << 12) |
      (sextet(text, at + 2, end) << 6) |
      sextet(text, at + 3, end);
    if (bits < 0) throw new CoreError('BAD_ENCODING', 'Not padded base64');
    bytes[written++] = bits >>> 16;
    if (written < bytes.length) bytes[written++] = bits >>> 8;
    if (written < bytes.length) bytes[written++] = bits;
  }
  return bytes;
}

/** 0 beyond the end; -1: not a digit of base64. */
function sextet(text: string, at: number, end: number): number {
  return at < end ? (SEXTETS[text.charCodeAt(at)] ?? -1) : 0;
}

export function toBase64url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

export function fromBase64url(text: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new CoreError('BAD_ENCODING', 'Not base64url');
  const padded = text.replaceAll('-', '+').replaceAll('_', '/');
  return fromBase64(padded.padEnd(Math.ceil(padded.length / 4) * 4, '='));
}

/** Of all parts together. */
export function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(lengthOf(parts));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Not constant-time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Big-endian. */
export function uint32(value: number): Bytes {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Big-endian. */
export function uint64(value: number | bigint): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** Each part preceded by its length as uint32: no two lists of parts share an encoding. */
export function lengthPrefixed(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole[offset++] = part.length >>> 24;
    whole[offset++] = part.length >>> 16;
    whole[offset++] = part.length >>> 8;
    whole[offset++] = part.length;
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
