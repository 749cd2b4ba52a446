/**
 * Lets one conditional write per condition look and write at a time, so that two requests with the same `If-None-Exist`, or the
 * same identifier of a directory entry, create one resource. Of this process; between organisations the ledger decides.
 */
export class KeyedLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs when nobody else holds one of these keys. Keys are taken in sorted order, so nobody waits in a circle. */
  async holding<T>(keys: readonly string[], run: () => Promise<T>): Promise<T> {
    const [first, ...rest] = [...new Set(keys)].sort();
    if (first === undefined) return run();
    const before = this.#tails.get(first);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(first, promise);
    try {
      await before;
      return await this.holding(rest, run);
    } finally {
      if (this.#tails.get(first) === promise) this.#tails.delete(first);
      resolve();
    }
  }
}
