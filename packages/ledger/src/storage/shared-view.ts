import type { Entry, KeyValueView, Range } from './key-value.ts';

/** Most readers leave before the last one. */
const CLOSED = Promise.resolve();

/** A view that many readers share and the last to leave closes: taking a snapshot costs more than most readers read. */
export class SharedView {
  readonly #view: KeyValueView;
  #readers = 0;
  #isRetired = false;

  constructor(view: KeyValueView) {
    this.#view = view;
  }

  /** The view for one more reader, who closes it. */
  open(): KeyValueView {
    this.#readers += 1;
    return new Reader(this, this.#view);
  }

  /** One reader fewer. */
  leave(): Promise<void> {
    this.#readers -= 1;
    return this.#closeIfUnused();
  }

  /** Nobody else will open it. */
  retire(): Promise<void> {
    this.#isRetired = true;
    return this.#closeIfUnused();
  }

  #closeIfUnused(): Promise<void> {
    return this.#isRetired && this.#readers === 0 ? this.#view.close() : CLOSED;
  }
}

class Reader implements KeyValueView {
  readonly #shared: SharedView;
  readonly #view: KeyValueView;
  #isOpen = true;

  constructor(shared: SharedView, view: KeyValueView) {
    this.#shared = shared;
    this.#view = view;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#view.get(key);
  }

  range(range: Range): AsyncIterableIterator<Entry> {
    return this.#view.range(range);
  }

  close(): Promise<void> {
    if (!this.#isOpen) return CLOSED;
    this.#isOpen = false;
    return this.#shared.leave();
  }
}
