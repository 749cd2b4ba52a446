interface Waiting {
  readonly isUrgent: () => boolean;
  readonly begin: () => void;
}

/**
 * Lets those who share a thread work one after the other: side by side each would be done when the last is. Who is urgent goes
 * first.
 */
export class Turns {
  readonly #waiting: Waiting[] = [];
  #isTaken = false;

  /** Resolves when it is the caller's turn. @returns what ends it; more calls of it do nothing */
  async take(isUrgent: () => boolean): Promise<() => void> {
    await new Promise<void>((begin) => {
      this.#waiting.push({ isUrgent, begin });
      // Who is woken by the same event comes to wait as well before one of them is chosen.
      queueMicrotask(() => this.#next());
    });
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      this.#isTaken = false;
      this.#next();
    };
  }

  #next(): void {
    if (this.#isTaken || this.#waiting.length === 0) return;
    this.#isTaken = true;
    const urgent = this.#waiting.findIndex(({ isUrgent }) => isUrgent());
    const [chosen] = this.#waiting.splice(Math.max(0, urgent), 1);
    chosen?.begin();
  }
}
