import { concat, type Bytes } from '@healthchain/core';
import type { Version } from './types.ts';

export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.block === b.block && a.transaction === b.transaction;
}

/** Fabric's version.Height.ToBytes: block and transaction number, each as its byte count and its significant bytes. */
export function versionBytes(version: Version): Bytes {
  return concat(orderPreserving(version.block), orderPreserving(version.transaction));
}

function orderPreserving(value: bigint): Uint8Array {
  const hex = value === 0n ? '' : value.toString(16);
  const digits = hex.length % 2 === 1 ? `0${hex}` : hex;
  const bytes = new Uint8Array(1 + digits.length / 2);
  bytes[0] = digits.length / 2;
  for (let i = 1; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i - 2, 2 * i), 16);
  return bytes;
}
