import type { Bytes } from '@healthchain/core';
import type { Version } from './types.ts';

export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.block === b.block && a.transaction === b.transaction;
}

/** Fabric's version.Height.ToBytes: block and transaction number, each as its byte count and its significant bytes. */
export function versionBytes(version: Version): Bytes {
  return Uint8Array.from([...orderPreserving(version.block), ...orderPreserving(version.transaction)]);
}

function orderPreserving(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 0xffn));
  return [bytes.length, ...bytes];
}
