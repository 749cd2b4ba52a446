import type { Bytes } from '@healthchain/core';
import type { Version } from './types.ts';

export function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.block === b.block && a.transaction === b.transaction;
}

/** Fabric's version.Height.ToBytes: block and transaction number, each as its byte count and its significant bytes. */
export function versionBytes({ block, transaction }: Version): Bytes {
  const blockBytes = significantBytes(block);
  const transactionBytes = significantBytes(transaction);
  const bytes = new Uint8Array(2 + blockBytes + transactionBytes);
  writeOrderPreserving(bytes, 0, block, blockBytes);
  writeOrderPreserving(bytes, 1 + blockBytes, transaction, transactionBytes);
  return bytes;
}

function significantBytes(value: bigint): number {
  let count = 0;
  for (let rest = value; rest > 0n; rest >>= 8n) count += 1;
  return count;
}

function writeOrderPreserving(bytes: Uint8Array, at: number, value: bigint, count: number): void {
  bytes[at] = count;
  let rest = value;
  for (let i = at + count; i > at; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
}
