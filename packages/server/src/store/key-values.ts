import type { DatabaseSync } from 'node:sqlite';

/** Small values of one concern, durable, in the same file and transactions as the records. */
export interface KeyValues {
  get(key: string): Uint8Array | undefined;
  put(key: string, value: Uint8Array): void;
  delete(key: string): void;
  /** In key order. */
  list(prefix?: string): readonly { readonly key: string; readonly value: Uint8Array }[];
}

export function keyValuesOf(database: DatabaseSync, namespace: string): KeyValues {
  const get = database.prepare('SELECT value FROM key_value WHERE namespace = ? AND key = ?');
  const put = database.prepare(
    'INSERT INTO key_value VALUES (?, ?, ?) ON CONFLICT (namespace, key) DO UPDATE SET value = excluded.value',
  );
  const remove = database.prepare('DELETE FROM key_value WHERE namespace = ? AND key = ?');
  const list = database.prepare(
    'SELECT key, value FROM key_value WHERE namespace = ? AND substr(key, 1, length(?)) = ? AND key >= ? ORDER BY key',
  );
  return {
    get: (key) => get.get(namespace, key)?.['value'] as Uint8Array | undefined,
    put: (key, value) => void put.run(namespace, key, value),
    delete: (key) => void remove.run(namespace, key),
    list: (prefix = '') =>
      list
        .all(namespace, prefix, prefix, prefix)
        .map(({ key, value }) => ({ key: String(key), value: value as Uint8Array })),
  };
}
