import { hash } from 'node:crypto';
import { utf8 } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import type { Range } from './key-value.ts';
import type { Location } from './block-log.ts';

/** Rows of a ledger's LevelDB, by their first byte. Everything but the private rows can be rebuilt from the blocks. */
const PREFIX = {
  state: 0x73,
  history: 0x68,
  transaction: 0x74,
  otherTransaction: 0x75,
  block: 0x62,
  hash: 0x78,
  meta: 0x6d,
  private: 0x70,
};

const WHAT: Readonly<Record<number, string>> = {
  [PREFIX.history]: 'history',
  [PREFIX.transaction]: 'transaction',
  [PREFIX.otherTransaction]: 'transaction',
  [PREFIX.block]: 'block',
  [PREFIX.hash]: 'header',
  [PREFIX.meta]: 'savepoint',
};
const SEAL_BYTES = 8;
const HASH_BYTES = 32;
/** Block and transaction. */
const PLACE_BYTES = 12;

export const SAVEPOINT_KEY = Buffer.from([PREFIX.meta, 1]);

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
  const bytes = historyPrefix(namespace, key, PLACE_BYTES);
  const at = bytes.writeBigUInt64BE(BigInt(block), bytes.length - PLACE_BYTES);
  bytes.writeUInt32BE(transaction, at);
  return bytes;
}

export function historyRange(namespace: string, key: string): Range {
  const prefix = historyPrefix(namespace, key, 0);
  return { from: prefix, to: Buffer.concat([prefix, Buffer.alloc(PLACE_BYTES + 1, 0xff)]) };
}

export function parseHistoryKey(key: Uint8Array): { readonly block: number; readonly transaction: number } {
  const place = Buffer.from(key.buffer, key.byteOffset + key.byteLength - PLACE_BYTES, PLACE_BYTES);
  return { block: Number(place.readBigUInt64BE(0)), transaction: place.readUInt32BE(8) };
}

/** A transaction id is a SHA-256 in hexadecimal; what else a bad transaction calls itself is kept apart as text. */
export function transactionKey(txId: string): Uint8Array {
  const key = Buffer.allocUnsafe(1 + HASH_BYTES);
  key[0] = PREFIX.transaction;
  const isHash =
    txId.length === 2 * HASH_BYTES && txId === txId.toLowerCase() && key.write(txId, 1, 'hex') === HASH_BYTES;
  return isHash ? key : Buffer.concat([Buffer.of(PREFIX.otherTransaction), utf8(txId)]);
}

export function transactionEntry(
  txId: string,
  place: TransactionPlace,
): { readonly key: Uint8Array; readonly value: Uint8Array } {
  const row = Buffer.allocUnsafe(PLACE_BYTES + 1);
  row.writeBigUInt64BE(BigInt(place.block), 0);
  row.writeUInt32BE(place.index, 8);
  row.writeUInt8(place.code, PLACE_BYTES);
  const key = transactionKey(txId);
  return { key, value: sealed(key, row) };
}

/** @throws LedgerError INDEX_CORRUPT */
export function decodeTransaction(txId: string, bytes: Uint8Array): TransactionPlace {
  const row = unsealed(transactionKey(txId), bytes);
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

/** Where the block lies in the segments. */
export function encodeBlockRow(number: number, location: Location): Uint8Array {
  return sealed(blockKey(number), encodeLocation(location));
}

/** @throws LedgerError INDEX_CORRUPT */
export function decodeBlockRow(number: number, bytes: Uint8Array): Location {
  return decodeLocation(unsealed(blockKey(number), bytes));
}

export function encodeHashRow(headerHash: Uint8Array, number: number): Uint8Array {
  return sealed(hashKey(headerHash), numberBytes(number));
}

/** @throws LedgerError INDEX_CORRUPT */
export function decodeHashRow(headerHash: Uint8Array, bytes: Uint8Array): number {
  return Number(unsealed(hashKey(headerHash), bytes).readBigUInt64BE(0));
}

export function hashKey(headerHash: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(PREFIX.hash), headerHash]);
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

/** A key's length stands before it, so that no key's history is another's prefix; with room for what comes behind. */
function historyPrefix(namespace: string, key: string, room: number): Buffer {
  const keyBytes = Buffer.byteLength(key);
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(namespace) + keyBytes + 6 + room);
  let at = bytes.writeUInt8(PREFIX.history, 0);
  at += bytes.write(namespace, at);
  at = bytes.writeUInt8(0, at);
  at = bytes.writeUInt32BE(keyBytes, at);
  bytes.write(key, at);
  return bytes;
}

/** @throws LedgerError INDEX_CORRUPT of a row that is no row of the state and was not written so */
export function checkIndexRow(key: Uint8Array, row: Uint8Array): void {
  const isSealed = [PREFIX.transaction, PREFIX.otherTransaction, PREFIX.block, PREFIX.hash].includes(
    key[0] ?? 0,
  );
  if (isSealed) unsealed(key, row);
  else if (Buffer.compare(key, SAVEPOINT_KEY) === 0) decodeSavepoint(row);
  else if (key[0] === PREFIX.history && row.length > 0) throw corruptIndex(key);
}

/** The number that a block's row is named by; undefined of other rows. */
export function numberOfBlockKey(key: Uint8Array): number | undefined {
  if (key[0] !== PREFIX.block || key.length !== 9) return undefined;
  return Number(Buffer.from(key.buffer, key.byteOffset, key.byteLength).readBigUInt64BE(1));
}

function numberBytes(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes;
}

/** A row of an index ends with a digest over its name and itself. */
function sealed(key: Uint8Array, row: Uint8Array): Uint8Array {
  return Buffer.concat([row, shortDigest(key, row)]);
}

/** @throws LedgerError INDEX_CORRUPT */
function unsealed(key: Uint8Array, bytes: Uint8Array): Buffer {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const border = view.length - SEAL_BYTES;
  if (border < 0 || !shortDigest(key, view.subarray(0, border)).equals(view.subarray(border)))
    throw corruptIndex(key);
  return view.subarray(0, border);
}

function corruptIndex(key: Uint8Array): LedgerError {
  const name = Buffer.from(key);
  const what = WHAT[name[0] ?? 0] ?? 'row';
  const id = name[0] === PREFIX.otherTransaction ? name.toString('utf8', 1) : name.toString('hex', 1);
  return new LedgerError('INDEX_CORRUPT', `The index entry of ${what} ${id} is damaged`, {
    details: { key: name.toString('hex') },
  });
}

function shortDigest(key: Uint8Array, row: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([key, row]), 'buffer').subarray(0, SEAL_BYTES);
}
