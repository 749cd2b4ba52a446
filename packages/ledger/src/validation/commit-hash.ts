import { sha256, type Bytes } from '@healthchain/core';
import { compareKeys, versionBytes } from '../rwset/index.ts';
import { bytesFieldSize, varintSize, writeVarint } from '../wire/index.ts';
import type { Space } from './batch.ts';
import type { StateUpdate } from './types.ts';

/** Fields of txmgr.KVWrite, and of txmgr.Updates its only one. */
const FIELD = { namespace: 1, collection: 2, key: 3, isDelete: 4, value: 5, version: 6 };
const UPDATES_FIELD = 1;
const BYTES_WIRE_TYPE = 2;
const IS_DELETE = Uint8Array.of(FIELD.isDelete * 8, 1);
const NOTHING = new Uint8Array();

/** One txmgr.KVWrite with its size; names are given where they differ from the entry before. */
interface Entry {
  readonly update: StateUpdate;
  readonly namespace: string;
  readonly collection: string;
  readonly keyEncoding: 'utf8' | 'hex';
  readonly version: Uint8Array;
  readonly size: number;
}

/**
 * COMMIT_HASH of a block: SHA-256 over the validation codes with their count, the block's updates of the public and the hashed
 * state, and the hash of the block before, which block 1 has none of (kvledger.addBlockCommitHash).
 */
export function commitHash(
  codes: Uint8Array,
  spaces: Iterable<Space>,
  previous: Uint8Array | undefined,
): Bytes {
  const entries = entriesOf(spaces);
  const before = previous ?? NOTHING;
  const updates = entries.reduce((sum, { size }) => sum + 1 + varintSize(size) + size, 0);
  const preimage = Buffer.allocUnsafe(varintSize(codes.length) + codes.length + updates + before.length);
  let at = writeVarint(preimage, 0, codes.length);
  preimage.set(codes, at);
  at += codes.length;
  for (const entry of entries) at = writeEntry(preimage, at, entry);
  preimage.set(before, at);
  return sha256(preimage);
}

/**
 * A txmgr.Updates message: namespaces in order, in each the public keys and then the collections. The configuration, whose
 * namespace is empty, is left out.
 */
function entriesOf(spaces: Iterable<Space>): Entry[] {
  const used = [...spaces].filter(({ namespace, updates }) => namespace !== '' && updates.size > 0);
  const ordered = used.toSorted(
    (a, b) => compareKeys(a.namespace, b.namespace) || compareKeys(a.collection, b.collection),
  );
  const entries: Entry[] = [];
  let namespace = '';
  for (const space of ordered) {
    addSpace(entries, space, space.namespace === namespace ? '' : space.namespace);
    namespace = space.namespace;
  }
  return entries;
}

function addSpace(entries: Entry[], { collection, updates }: Space, namespace: string): void {
  const keyEncoding = collection === '' ? 'utf8' : 'hex';
  let names = { namespace, collection };
  for (const update of [...updates.values()].toSorted((a, b) => compareKeys(a.key, b.key))) {
    const version = versionBytes(update.version);
    const size =
      bytesFieldSize(Buffer.byteLength(names.namespace)) +
      bytesFieldSize(Buffer.byteLength(names.collection)) +
      bytesFieldSize(Buffer.byteLength(update.key, keyEncoding)) +
      (update.value === undefined ? IS_DELETE.length : bytesFieldSize(update.value.length)) +
      bytesFieldSize(version.length);
    entries.push({ update, ...names, keyEncoding, version, size });
    names = NO_NAMES;
  }
}

const NO_NAMES = { namespace: '', collection: '' };

function writeEntry(into: Buffer, start: number, entry: Entry): number {
  const { update, namespace, collection, keyEncoding, version, size } = entry;
  let at = writeHead(into, start, UPDATES_FIELD, size);
  at = writeText(into, at, FIELD.namespace, namespace, 'utf8');
  at = writeText(into, at, FIELD.collection, collection, 'utf8');
  at = writeText(into, at, FIELD.key, update.key, keyEncoding);
  if (update.value === undefined) {
    into.set(IS_DELETE, at);
    at += IS_DELETE.length;
  } else at = writeBytes(into, at, FIELD.value, update.value);
  return writeBytes(into, at, FIELD.version, version);
}

function writeText(into: Buffer, at: number, field: number, text: string, encoding: 'utf8' | 'hex'): number {
  if (text === '') return at;
  const start = writeHead(into, at, field, Buffer.byteLength(text, encoding));
  return start + into.write(text, start, encoding);
}

function writeBytes(into: Buffer, at: number, field: number, bytes: Uint8Array): number {
  if (bytes.length === 0) return at;
  const start = writeHead(into, at, field, bytes.length);
  into.set(bytes, start);
  return start + bytes.length;
}

function writeHead(into: Buffer, at: number, field: number, length: number): number {
  into[at] = field * 8 + BYTES_WIRE_TYPE;
  return writeVarint(into, at + 1, length);
}
