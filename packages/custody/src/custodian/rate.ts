const WINDOW_MS = 60_000;
/** Keys counted at a time; beyond them the longest unused are forgotten. */
const MAX_COUNTED_KEYS = 100_000;

interface Count {
  window: number;
  current: number;
  previous: number;
}

/** Counts by key over the last 60 seconds: the running minute and the share of the one before that still lies within. */
export class Rate {
  readonly #counts = new Map<string, Count>();

  /** Counts `weight` unless the limit would be exceeded. */
  take(key: string, limit: number, now: number, weight = 1): boolean {
    const window = Math.floor(now / WINDOW_MS);
    const count = this.#countOf(key, window);
    const elapsed = (now % WINDOW_MS) / WINDOW_MS;
    if (count.current + count.previous * (1 - elapsed) + weight > limit) return false;
    count.current += weight;
    return true;
  }

  #countOf(key: string, window: number): Count {
    const known = this.#counts.get(key);
    const previous = known?.window === window - 1 ? known.current : 0;
    const count = known?.window === window ? known : { window, current: 0, previous };
    this.#counts.delete(key);
    this.#counts.set(key, count);
    if (this.#counts.size > MAX_COUNTED_KEYS) this.#counts.delete(this.#counts.keys().next().value as string);
    return count;
  }
}
