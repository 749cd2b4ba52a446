import type { StateRow } from './state-rows.ts';

/** Rows kept per ledger; the definitions, organisations and users that every transaction reads are far fewer. */
const MAX_ROWS = 2_000;
/** Larger rows are read from the store each time. */
const MAX_ROW_BYTES = 4_096;

/**
 * Rows of the state as of the latest block, checked once. A row serves an older view too if its version is of a block that
 * the view shows: what is kept has not been written since. Bounded: the older half goes when the newer half is full.
 */
export class RowCache {
  #recent = new Rows();
  #older = new Rows();

  /** As a view of `height` blocks sees the row; undefined when this cache cannot say. */
  get(namespace: string, key: string, height: number): StateRow | undefined {
    const row = this.#recent.get(namespace, key) ?? this.#older.get(namespace, key);
    return row !== undefined && row.version.block < height ? row : undefined;
  }

  /** Of a row that the latest block shows. */
  keep(namespace: string, key: string, row: StateRow): void {
    if (row.value.length + row.metadata.length > MAX_ROW_BYTES) return;
    if (this.#recent.size >= MAX_ROWS / 2) {
      this.#older = this.#recent;
      this.#recent = new Rows();
    }
    this.#recent.set(namespace, key, row);
  }

  forget(namespace: string, key: string): void {
    this.#recent.delete(namespace, key);
    this.#older.delete(namespace, key);
  }
}

/** By namespace, then by key: a string made of both would be made, and hashed, at every look. */
class Rows {
  readonly #spaces = new Map<string, Map<string, StateRow>>();
  size = 0;

  get(namespace: string, key: string): StateRow | undefined {
    return this.#spaces.get(namespace)?.get(key);
  }

  set(namespace: string, key: string, row: StateRow): void {
    let rows = this.#spaces.get(namespace);
    if (rows === undefined) {
      rows = new Map();
      this.#spaces.set(namespace, rows);
    }
    if (!rows.has(key)) this.size += 1;
    rows.set(key, row);
  }

  delete(namespace: string, key: string): void {
    if (this.#spaces.get(namespace)?.delete(key) === true) this.size -= 1;
  }
}
