import { concat, fromHex, sha256, utf8, type Bytes } from '@healthchain/core';
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
  const parts: Uint8Array[] = [new WireWriter().varint(codes.length).finish(), codes];
  addUpdates(parts, spaces);
  if (previous !== undefined) parts.push(previous);
  return sha256(concat(...parts));
}

/**
 * A txmgr.Updates message: namespaces in order, in each the public keys and then the collections, a name only where it differs
 * from the entry before. The configuration, whose namespace is empty, is left out.
 */
function addUpdates(parts: Uint8Array[], spaces: Iterable<Space>): void {
  const used = [...spaces].filter(({ namespace, updates }) => namespace !== '' && updates.size > 0);
  const ordered = used.toSorted(
    (a, b) => compareKeys(a.namespace, b.namespace) || compareKeys(a.collection, b.collection),
  );
  let namespace = '';
  for (const space of ordered) {
    addSpace(parts, space, space.namespace === namespace ? '' : space.namespace);
    namespace = space.namespace;
  }
}

function addSpace(parts: Uint8Array[], space: Space, namespace: string): void {
  const keyBytes = space.collection === '' ? utf8 : fromHex;
  const updates = [...space.updates.values()].toSorted((a, b) => compareKeys(a.key, b.key));
  for (const [i, update] of updates.entries()) {
    const names = i === 0 ? { namespace, collection: space.collection } : { namespace: '', collection: '' };
    addUpdate(parts, update, keyBytes(update.key), names);
  }
}

/** One txmgr.KVWrite in its list; the value, which may be large, is not copied on the way. */
function addUpdate(
  parts: Uint8Array[],
  { value, version }: StateUpdate,
  key: Uint8Array,
  names: { readonly namespace: string; readonly collection: string },
): void {
  const before = new WireWriter()
    .string(1, names.namespace)
    .string(2, names.collection)
    .bytes(3, key)
    .bool(4, value === undefined);
  if (value !== undefined && value.length > 0) before.head(5, value.length);
  const head = before.finish();
  const tail = new WireWriter().bytes(6, versionBytes(version)).finish();
  const length = head.length + (value?.length ?? 0) + tail.length;
  parts.push(new WireWriter().head(1, length).finish(), head, value ?? NOTHING, tail);
}
