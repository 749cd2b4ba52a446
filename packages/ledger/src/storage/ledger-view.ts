import { LedgerError } from '../error.ts';
import type { KeyValueView } from './key-value.ts';
import * as keys from './ledger-keys.ts';
import type { RowCache } from './row-cache.ts';
import { decodeStateRow, type StateRow } from './state-rows.ts';

/** What a view knows of the store that it was opened on. */
export interface ViewOrigin {
  readonly rows: RowCache;
  /** Number of blocks that the view shows. */
  readonly height: number;
  /** Namespaces in which a key may have metadata. */
  readonly metadataIn: readonly string[];
  /** Blocks applied by now; undefined while one is being applied. */
  readonly settledHeight: () => number | undefined;
  /** Told of every row that is damaged. */
  readonly onDamage: (error: LedgerError) => void;
}

/** One committed prefix of the ledger. Must be closed. Rows are checked against their digests as they are read. */
export class LedgerView {
  readonly #view: KeyValueView;
  readonly #origin: ViewOrigin;
  #damage: LedgerError | undefined;

  constructor(view: KeyValueView, origin: ViewOrigin) {
    this.#view = view;
    this.#origin = origin;
  }

  /** Number of blocks that the view shows. */
  get height(): number {
    return this.#origin.height;
  }

  /** False only where no key of the namespace has had metadata so far. */
  mayHaveMetadata(namespace: string): boolean {
    return this.#origin.metadataIn.includes(namespace);
  }

  /** The first damaged row that was read, whatever its reader made of it. */
  get damage(): LedgerError | undefined {
    return this.#damage;
  }

  /** Of what was read beside this view for the same reader. */
  noteDamage(error: LedgerError): void {
    this.#damage ??= error;
  }

  /** @throws LedgerError STATE_CORRUPT */
  get(namespace: string, key: string): StateRow | undefined {
    const { rows, settledHeight } = this.#origin;
    const known = rows.get(namespace, key, this.height);
    if (known !== undefined) return known;
    const stored = this.#view.get(keys.stateKey(namespace, key));
    if (stored === undefined) return undefined;
    const row = this.#sound(namespace, key, stored);
    if (settledHeight() === this.height) rows.keep(namespace, key, row);
    return row;
  }

  /** Keys in [start, end) in byte order; an empty end is open. @throws LedgerError STATE_CORRUPT */
  async *range(
    namespace: string,
    start: string,
    end: string,
  ): AsyncIterableIterator<StateRow & { readonly key: string }> {
    for await (const entry of this.#view.range(keys.stateRange(namespace, start, end))) {
      const { key } = keys.parseStateKey(entry.key);
      yield { key, ...this.#sound(namespace, key, entry.value) };
    }
  }

  /** Rows of the whole state, undecoded, so that a reader can name every damaged one. */
  async *rows(after?: {
    readonly namespace: string;
    readonly key: string;
  }): AsyncIterableIterator<{ namespace: string; key: string; row: Uint8Array }> {
    for await (const entry of this.#view.range(keys.wholeState(after))) {
      yield { ...keys.parseStateKey(entry.key), row: entry.value };
    }
  }

  /** Places of the valid writes of a key, newest first. */
  async *history(
    namespace: string,
    key: string,
  ): AsyncIterableIterator<{ block: number; transaction: number }> {
    const range = { ...keys.historyRange(namespace, key), reverse: true };
    for await (const entry of this.#view.range(range)) yield keys.parseHistoryKey(entry.key);
  }

  close(): Promise<void> {
    return this.#view.close();
  }

  #sound(namespace: string, key: string, stored: Uint8Array): StateRow {
    try {
      return decodeStateRow(namespace, key, stored);
    } catch (error) {
      if (error instanceof LedgerError) {
        this.noteDamage(error);
        this.#origin.onDamage(error);
      }
      throw error;
    }
  }
}
