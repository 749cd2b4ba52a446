import type { KeyValueView } from './key-value.ts';

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
      close: async () => {
        if (!isOpen) return;
        isOpen = false;
        this.#readers -= 1;
        await this.#closeIfUnused();
      },
    };
  }

  /** Nobody else will open it. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    await this.#closeIfUnused();
  }

  async #closeIfUnused(): Promise<void> {
    if (this.#isRetired && this.#readers === 0) await this.#view.close();
  }
}
