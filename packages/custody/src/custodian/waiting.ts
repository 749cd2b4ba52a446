/** Resolves waiters when the height they wait for is reached, or when their time is over. */
export class HeightWaiters {
  readonly #waiters = new Set<{ readonly height: number; readonly resolve: () => void }>();

  reached(height: number): void {
    for (const waiter of this.#waiters) {
      if (waiter.height > height) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  async wait(height: number, withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { height, resolve };
    this.#waiters.add(waiter);
    const timer = setTimeout(resolve, withinMs);
    await promise;
    clearTimeout(timer);
    this.#waiters.delete(waiter);
  }
}
