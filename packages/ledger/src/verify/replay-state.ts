import { compareKeys } from '../rwset/index.ts';
import type { KeyVersion, StateReader, StateUpdate, VersionedValue } from '../validation/index.ts';

export interface StateRow {
  readonly namespace: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly version: { readonly block: bigint; readonly transaction: bigint };
}

/** The state as the blocks make it, in memory. */
export class ReplayState implements StateReader {
  readonly #namespaces = new Map<string, Map<string, VersionedValue>>();
  /** Sorted keys per namespace, made when a range is asked for. */
  readonly #sorted = new Map<string, readonly string[]>();

  get(namespace: string, key: string): VersionedValue | undefined {
    return this.#namespaces.get(namespace)?.get(key);
  }

  *range(namespace: string, start: string, end: string): Generator<KeyVersion> {
    for (const key of this.#sortedKeys(namespace)) {
      if (compareKeys(key, start) < 0) continue;
      if (end !== '' && compareKeys(key, end) >= 0) return;
      yield { key, version: (this.get(namespace, key) as VersionedValue).version };
    }
  }

  mayHaveMetadata(): boolean {
    return true;
  }

  apply(updates: readonly StateUpdate[]): void {
    for (const { namespace, key, value, metadata, version } of updates) {
      const rows = this.#namespaces.get(namespace) ?? new Map<string, VersionedValue>();
      this.#namespaces.set(namespace, rows);
      if (value === undefined ? rows.delete(key) : !rows.has(key)) this.#sorted.delete(namespace);
      if (value !== undefined) rows.set(key, { value, metadata, version });
    }
  }

  *rows(): Generator<StateRow> {
    for (const [namespace, rows] of this.#namespaces) {
      for (const [key, { value, version }] of rows) yield { namespace, key, value, version };
    }
  }

  #sortedKeys(namespace: string): readonly string[] {
    let keys = this.#sorted.get(namespace);
    if (keys === undefined) {
      keys = [...(this.#namespaces.get(namespace)?.keys() ?? [])].toSorted(compareKeys);
      this.#sorted.set(namespace, keys);
    }
    return keys;
  }
}
