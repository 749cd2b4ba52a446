import { createHash, hash } from 'node:crypto';
import { utf8 } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import type { Range } from './key-value.ts';
import type { Location } from './block-log.ts';

/** Rows of a ledger's LevelDB, by their first byte. Everything but the private rows can be rebuilt from the blocks. */
const PREFIX = {
  state: 0x73,
  history: 0x68,
  transaction: 0x74,
  block: 0x62,
  hash: 0x78,
  meta: 0x6d,
  private: 0x70,
};

export const SAVEPOINT_KEY = Buffer.from([PREFIX.meta, 1]);
/** The savepoint's height by itself: what every view reads. */
export const HEIGHT_KEY = Buffer.from([PREFIX.meta, 2]);

export interface TransactionPlace {
  readonly block: number;
  readonly index: number;
  /** TxValidationCode. */
  readonly code: number;
}

export interface Savepoint {
  /** Number of blocks applied. */
  readonly height: number;
  readonly headerHash: Uint8Array;
  readonly commitHash: Uint8Array | undefined;
  readonly transactions: number;
  /** Namespaces in which a key has, or has had, metadata. */
  readonly metadataIn: readonly string[];
}

export function stateKey(namespace: string, key: string): Uint8Array {
  return Buffer.from(`s${namespace}\0${key}`);
}

/** Keys in [start, end) of a namespace; an empty end is open. */
export function stateRange(namespace: string, start: string, end: string): Range {
  const space = [Buffer.of(PREFIX.state), utf8(namespace)];
  const to = end === '' ? [...space, Buffer.of(1)] : [...space, Buffer.of(0), utf8(end)];
  return { from: Buffer.concat([...space, Buffer.of(0), utf8(start)]), to: Buffer.concat(to) };
}

/** All rows of the state, or those after one. */
export function wholeState(after?: { readonly namespace: string; readonly key: string }): Range {
  const from =
    after === undefined
      ? Buffer.of(PREFIX.state)
      : Buffer.concat([stateKey(after.namespace, after.key), Buffer.of(0)]);
  return { from, to: Buffer.of(PREFIX.state + 1) };
}

export function parseStateKey(key: Uint8Array): { readonly namespace: string; readonly key: string } {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const border = bytes.indexOf(0, 1);
  return { namespace: bytes.toString('utf8', 1, border), key: bytes.toString('utf8', border + 1) };
}

export function historyKey(namespace: string, key: string, block: number, transaction: number): Uint8Array {
  const place = Buffer.alloc(12);
  place.writeBigUInt64BE(BigInt(block), 0);
  place.writeUInt32BE(transaction, 8);
  return Buffer.concat([historyPrefix(namespace, key), place]);
}

export function historyRange(namespace: string, key: string): Range {
  const prefix = historyPrefix(namespace, key);
  return { from: prefix, to: Buffer.concat([prefix, Buffer.alloc(13, 0xff)]) };
}

export function parseHistoryKey(key: Uint8Array): { readonly block: number; readonly transaction: number } {
  const place = Buffer.from(key.buffer, key.byteOffset + key.byteLength - 12, 12);
  return { block: Number(place.readBigUInt64BE(0)), transaction: place.readUInt32BE(8) };
}

export function transactionKey(txId: string): Uint8Array {
  return Buffer.from(`t${txId}`);
}

export function encodeTransaction(txId: string, place: TransactionPlace): Uint8Array {
  const row = Buffer.alloc(13);
  row.writeBigUInt64BE(BigInt(place.block), 0);
  row.writeUInt32BE(place.index, 8);
  row.writeUInt8(place.code, 12);
  return Buffer.concat([row, shortDigest(txId, row)]);
}

/** @throws LedgerError INDEX_CORRUPT */
export function decodeTransaction(txId: string, bytes: Uint8Array): TransactionPlace {
  const row = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (row.length !== 21 || !shortDigest(txId, row.subarray(0, 13)).equals(row.subarray(13))) {
    throw new LedgerError('INDEX_CORRUPT', `The index entry of transaction ${txId} is damaged`, {
      details: { txId },
    });
  }
  return { block: Number(row.readBigUInt64BE(0)), index: row.readUInt32BE(8), code: row.readUInt8(12) };
}

export function blockKey(number: number): Uint8Array {
  const key = Buffer.alloc(9);
  key.writeUInt8(PREFIX.block, 0);
  key.writeBigUInt64BE(BigInt(number), 1);
  return key;
}

export function encodeLocation(location: Location): Uint8Array {
  const row = Buffer.alloc(16);
  row.writeUInt32BE(location.segment, 0);
  row.writeBigUInt64BE(BigInt(location.offset), 4);
  row.writeUInt32BE(location.length, 12);
  return row;
}

export function decodeLocation(bytes: Uint8Array): Location {
  const row = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    segment: row.readUInt32BE(0),
    offset: Number(row.readBigUInt64BE(4)),
    length: row.readUInt32BE(12),
  };
}

export function hashKey(headerHash: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(PREFIX.hash), headerHash]);
}

export function encodeHeight(height: number): Uint8Array {
  const row = Buffer.alloc(8);
  row.writeBigUInt64BE(BigInt(height));
  return row;
}

export function decodeHeight(bytes: Uint8Array): number {
  return Number(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readBigUInt64BE(0));
}

export function encodeSavepoint(savepoint: Savepoint): Uint8Array {
  const text = JSON.stringify({
    ...savepoint,
    headerHash: Buffer.from(savepoint.headerHash).toString('hex'),
    commitHash: savepoint.commitHash && Buffer.from(savepoint.commitHash).toString('hex'),
  });
  return Buffer.concat([hash('sha256', text, 'buffer'), Buffer.from(text)]);
}

/** @throws LedgerError INDEX_CORRUPT */
export function decodeSavepoint(bytes: Uint8Array): Savepoint {
  const row = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = row.toString('utf8', 32);
  if (!hash('sha256', text, 'buffer').equals(row.subarray(0, 32))) {
    throw new LedgerError(
      'INDEX_CORRUPT',
      'The savepoint of the state is damaged; rebuild it from the blocks',
    );
  }
  const raw = JSON.parse(text) as {
    height: number;
    headerHash: string;
    commitHash?: string;
    transactions: number;
    metadataIn: readonly string[];
  };
  return {
    height: raw.height,
    transactions: raw.transactions,
    metadataIn: raw.metadataIn,
    headerHash: Buffer.from(raw.headerHash, 'hex'),
    commitHash: raw.commitHash === undefined ? undefined : Buffer.from(raw.commitHash, 'hex'),
  };
}

/** A key's length stands before it, so that no key's history is another's prefix. */
function historyPrefix(namespace: string, key: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(key));
  return Buffer.concat([Buffer.from(`h${namespace}\0`), length, Buffer.from(key)]);
}

function shortDigest(txId: string, row: Uint8Array): Buffer {
  return createHash('sha256').update(txId).update(row).digest().subarray(0, 8);
}
