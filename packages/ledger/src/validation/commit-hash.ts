import { fromHex, sha256, utf8, type Bytes } from '@healthchain/core';
import { compareKeys, versionBytes } from '../rwset/index.ts';
import { WireWriter } from '../wire/index.ts';
import type { Space } from './batch.ts';
import type { StateUpdate } from './types.ts';

const NOTHING = new Uint8Array();

/**
 * COMMIT_HASH of a block: SHA-256 over the validation codes with their count, the block's updates of the public and the hashed
 * state, and the hash of the block before, which block 1 has none of (kvledger.addBlockCommitHash).
 */
export function commitHash(
  codes: Uint8Array,
  spaces: Iterable<Space>,
  previous: Uint8Array | undefined,
): Bytes {
  const preimage = new WireWriter().varint(codes.length).raw(codes);
  addUpdates(preimage, spaces);
  if (previous !== undefined) preimage.raw(previous);
  return sha256(preimage.finish());
}

/**
 * A txmgr.Updates message: namespaces in order, in each the public keys and then the collections, a name only where it differs
 * from the entry before. The configuration, whose namespace is empty, is left out.
 */
function addUpdates(updates: WireWriter, spaces: Iterable<Space>): void {
  const used = [...spaces].filter(({ namespace, updates }) => namespace !== '' && updates.size > 0);
  const ordered = used.toSorted(
    (a, b) => compareKeys(a.namespace, b.namespace) || compareKeys(a.collection, b.collection),
  );
  let namespace = '';
  for (const space of ordered) {
    addSpace(updates, space, space.namespace === namespace ? '' : space.namespace);
    namespace = space.namespace;
  }
}

function addSpace(updates: WireWriter, space: Space, namespace: string): void {
  const keyBytes = space.collection === '' ? utf8 : fromHex;
  const ordered = [...space.updates.values()].toSorted((a, b) => compareKeys(a.key, b.key));
  for (const [i, update] of ordered.entries()) {
    const names = i === 0 ? { namespace, collection: space.collection } : { namespace: '', collection: '' };
    updates.message(1, writeUpdate(update, keyBytes(update.key), names));
  }
}

/** txmgr.KVWrite */
function writeUpdate(
  { value, version }: StateUpdate,
  key: Uint8Array,
  names: { readonly namespace: string; readonly collection: string },
): WireWriter {
  return new WireWriter()
    .string(1, names.namespace)
    .string(2, names.collection)
    .bytes(3, key)
    .bool(4, value === undefined)
    .bytes(5, value ?? NOTHING)
    .bytes(6, versionBytes(version));
}
