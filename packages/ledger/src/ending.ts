/** The end that somebody may put to a call before its work is done. Most calls end otherwise: an AbortSignal is made when asked for. */
export class Ending {
  #listeners: (() => void)[] = [];
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  get hasCome(): boolean {
    return this.#reason !== undefined;
  }

  /** Undefined until it has come. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Aborts when the end comes, with its reason. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Tells those who listen; only the first reason counts. */
  come(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
    this.#controller?.abort(reason);
  }

  /** Of an end that has not come. Who listens leaves when it does not matter any more. */
  listen(listener: () => void): void {
    this.#listeners.push(listener);
  }

  leave(listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }
}
