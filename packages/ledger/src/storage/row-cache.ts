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
  #recent = new Map<string, StateRow>();
  #older = new Map<string, StateRow>();

  /** As a view of `height` blocks sees the row; undefined when this cache cannot say. */
  get(namespace: string, key: string, height: number): StateRow | undefined {
    const name = nameOf(namespace, key);
    const row = this.#recent.get(name) ?? this.#older.get(name);
    return row !== undefined && row.version.block < height ? row : undefined;
  }

  /** Of a row that the latest block shows. */
  keep(namespace: string, key: string, row: StateRow): void {
    if (row.value.length + row.metadata.length > MAX_ROW_BYTES) return;
    if (this.#recent.size >= MAX_ROWS / 2) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(nameOf(namespace, key), row);
  }

  forget(namespace: string, key: string): void {
    const name = nameOf(namespace, key);
    this.#recent.delete(name);
    this.#older.delete(name);
  }
}

function nameOf(namespace: string, key: string): string {
  return `${namespace}\0${key}`;
}
