import { createHash } from 'node:crypto';
import { fromHex, utf8, type Bytes } from '@healthchain/core';
import { compareKeys, versionBytes } from '../rwset/index.ts';
import { WireWriter } from '../wire/index.ts';
import type { Space } from './batch.ts';
import type { StateUpdate } from './types.ts';

/**
 * COMMIT_HASH of a block: SHA-256 over the validation codes with their count, the block's updates of the public and the hashed
 * state, and the hash of the block before, which block 1 has none of (kvledger.addBlockCommitHash).
 */
export function commitHash(
  codes: Uint8Array,
  spaces: Iterable<Space>,
  previous: Uint8Array | undefined,
): Bytes {
  const digest = createHash('sha256');
  digest.update(new WireWriter().varint(codes.length).finish());
  digest.update(codes);
  digest.update(updateBytes(spaces));
  if (previous !== undefined) digest.update(previous);
  return new Uint8Array(digest.digest());
}

/**
 * A txmgr.Updates message: namespaces in order, in each the public keys and then the collections, a name only where it differs
 * from the entry before. The configuration, whose namespace is empty, is left out.
 */
function updateBytes(spaces: Iterable<Space>): Bytes {
  const used = [...spaces].filter(({ namespace, updates }) => namespace !== '' && updates.size > 0);
  const ordered = used.toSorted(
    (a, b) => compareKeys(a.namespace, b.namespace) || compareKeys(a.collection, b.collection),
  );
  const writer = new WireWriter();
  let namespace = '';
  for (const space of ordered) {
    const isFirst = space.namespace !== namespace;
    namespace = space.namespace;
    writeSpace(writer, space, isFirst ? namespace : '');
  }
  return writer.finish();
}

function writeSpace(writer: WireWriter, space: Space, namespace: string): void {
  const keyBytes = space.collection === '' ? utf8 : fromHex;
  const updates = [...space.updates.values()].toSorted((a, b) => compareKeys(a.key, b.key));
  for (const [i, update] of updates.entries()) {
    const names = i === 0 ? { namespace, collection: space.collection } : { namespace: '', collection: '' };
    writer.present(1, encodeUpdate(update, keyBytes(update.key), names));
  }
}

function encodeUpdate(
  update: StateUpdate,
  key: Uint8Array,
  names: { readonly namespace: string; readonly collection: string },
): Bytes {
  return new WireWriter()
    .string(1, names.namespace)
    .string(2, names.collection)
    .bytes(3, key)
    .bool(4, update.value === undefined)
    .bytes(5, update.value ?? new Uint8Array())
    .bytes(6, versionBytes(update.version))
    .finish();
}
