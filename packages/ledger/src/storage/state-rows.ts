import { hash } from 'node:crypto';
import { labelled } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import type { Version } from '../rwset/index.ts';

export interface StateRow {
  readonly value: Uint8Array;
  /** The key's metadata as Fabric keeps it; empty when it has none. */
  readonly metadata: Uint8Array;
  readonly version: Version;
}

const LABEL = labelled('state-row');
const DIGEST_BYTES = 32;
/** digest ‖ block ‖ transaction ‖ length of the metadata ‖ metadata ‖ value */
const FIXED_BYTES = DIGEST_BYTES + 8 + 8 + 4;

/** A row carries a digest over namespace, key and everything it holds: LevelDB does not notice a flipped bit by itself. */
export function encodeStateRow(namespace: string, key: string, row: StateRow): Uint8Array {
  const bytes = Buffer.allocUnsafe(FIXED_BYTES + row.metadata.length + row.value.length);
  bytes.writeBigUInt64BE(row.version.block, DIGEST_BYTES);
  bytes.writeBigUInt64BE(row.version.transaction, DIGEST_BYTES + 8);
  bytes.writeUInt32BE(row.metadata.length, DIGEST_BYTES + 16);
  bytes.set(row.metadata, FIXED_BYTES);
  bytes.set(row.value, FIXED_BYTES + row.metadata.length);
  bytes.set(rowDigest(namespace, key, bytes.subarray(DIGEST_BYTES)), 0);
  return bytes;
}

/** @throws LedgerError STATE_CORRUPT, which names namespace and key */
export function decodeStateRow(namespace: string, key: string, bytes: Uint8Array): StateRow {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < FIXED_BYTES) throw corruptRow(namespace, key);
  const digest = rowDigest(namespace, key, view.subarray(DIGEST_BYTES));
  if (!digest.equals(view.subarray(0, DIGEST_BYTES))) throw corruptRow(namespace, key);
  const valueStart = FIXED_BYTES + view.readUInt32BE(DIGEST_BYTES + 16);
  return {
    version: {
      block: view.readBigUInt64BE(DIGEST_BYTES),
      transaction: view.readBigUInt64BE(DIGEST_BYTES + 8),
    },
    metadata: view.subarray(FIXED_BYTES, valueStart),
    value: view.subarray(valueStart),
  };
}

/** Undefined when the row's digest does not hold. */
export function tryDecodeRow(namespace: string, key: string, bytes: Uint8Array): StateRow | undefined {
  try {
    return decodeStateRow(namespace, key, bytes);
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'STATE_CORRUPT') return undefined;
    throw error;
  }
}

/** Over the label `healthchain/v1/state-row`, namespace, key and body, each with its length before it. */
function rowDigest(namespace: string, key: string, body: Uint8Array): Buffer {
  const namespaceBytes = Buffer.byteLength(namespace);
  const keyBytes = Buffer.byteLength(key);
  const keyStart = LABEL.length + 4 + namespaceBytes + 4;
  const preimage = Buffer.allocUnsafe(keyStart + keyBytes + 4 + body.length);
  preimage.set(LABEL, 0);
  preimage.writeUInt32BE(namespaceBytes, LABEL.length);
  preimage.write(namespace, LABEL.length + 4);
  preimage.writeUInt32BE(keyBytes, keyStart - 4);
  preimage.write(key, keyStart);
  preimage.writeUInt32BE(body.length, keyStart + keyBytes);
  preimage.set(body, keyStart + keyBytes + 4);
  return hash('sha256', preimage, 'buffer');
}

function corruptRow(namespace: string, key: string): LedgerError {
  return new LedgerError(
    'STATE_CORRUPT',
    `The stored value of ${JSON.stringify(key)} in ${namespace} is damaged`,
    {
      details: { namespace, key },
    },
  );
}
