import { CustodyError } from '../errors.ts';

/**
 * Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PETS 2019, section 4):
 * the size as a floating-point number whose mantissa is no longer than its exponent. A size tells O(log log n) bits, and costs
 * at most 12 %.
 */
export function padmeLength(length: number): number {
  if (length < 2) return length;
  const exponent = Math.floor(Math.log2(length));
  const mantissaBits = Math.floor(Math.log2(exponent || 1)) + 1;
  const step = 2 ** Math.max(0, exponent - mantissaBits);
  return Math.ceil(length / step) * step;
}

export function pad(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(padmeLength(content.length));
  padded.set(content);
  return padded;
}

/** @throws CustodyError MALFORMED when what follows the content is not its zero padding: one content has one padded form */
export function assertPadding(padded: Uint8Array, contentLength: number): void {
  const isZero = padded.subarray(contentLength).every((byte) => byte === 0);
  if (!isZero || padded.length !== padmeLength(contentLength)) {
    throw new CustodyError('MALFORMED', 'The content is not padded as its length asks');
  }
}
