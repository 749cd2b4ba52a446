import type { KeyValueView } from './key-value.ts';

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
    let isOpen = true;
    return {
      get: (key) => this.#view.get(key),
      range: (range) => this.#view.range(range),
      close: () => {
        if (!isOpen) return CLOSED;
        isOpen = false;
        this.#readers -= 1;
        return this.#closeIfUnused();
      },
    };
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
