import { RecentMap } from '../recent-map.ts';
import type { StateRow } from './state-rows.ts';

/** Rows kept of a namespace; the definitions, organisations and users that every transaction reads are far fewer. */
const MAX_ROWS = 2_000;
/** Larger rows are read from the store each time. */
const MAX_ROW_BYTES = 4_096;

/**
 * Rows of the state as of the latest block, checked once. A row serves an older view too if its version is of a block that
 * the view shows: what is kept has not been written since.
 */
export class RowCache {
  /** By namespace, then by key: a string made of both would be made, and hashed, at every look. */
  readonly #spaces = new Map<string, RecentMap<string, StateRow>>();

  /** As a view of `height` blocks sees the row; undefined when this cache cannot say. */
  get(namespace: string, key: string, height: number): StateRow | undefined {
    const row = this.#spaces.get(namespace)?.get(key);
    return row !== undefined && row.version.block < height ? row : undefined;
  }

  /** Of a row that the latest block shows. */
  keep(namespace: string, key: string, row: StateRow): void {
    if (row.value.length + row.metadata.length > MAX_ROW_BYTES) return;
    let rows = this.#spaces.get(namespace);
    if (rows === undefined) {
      rows = new RecentMap(MAX_ROWS);
      this.#spaces.set(namespace, rows);
    }
    rows.set(key, row);
  }

  forget(namespace: string, key: string): void {
    this.#spaces.get(namespace)?.delete(key);
  }
}
