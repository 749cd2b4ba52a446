import { ExchangeError } from './error.ts';

const WINDOW_MS = 60_000;
/** Names counted at a time; beyond them the windows that are over are forgotten. */
const MAX_NAMES = 10_000;

/** At most `limit` uses in any minute by one name. */
export class Throttle {
  readonly #limit: number;
  readonly #clock: () => Date;
  readonly #uses = new Map<string, number[]>();

  constructor(limit: number, clock: () => Date) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** @throws ExchangeError LIMIT */
  use(name: string): void {
    const now = this.#clock().getTime();
    const recent = (this.#uses.get(name) ?? []).filter((at) => at > now - WINDOW_MS);
    if (recent.length >= this.#limit) {
      throw new ExchangeError('LIMIT', `More than ${this.#limit} in a minute`);
    }
    if (this.#uses.size >= MAX_NAMES) this.#forget(now);
    this.#uses.set(name, [...recent, now]);
  }

  #forget(now: number): void {
    for (const [name, uses] of this.#uses) if ((uses.at(-1) ?? 0) <= now - WINDOW_MS) this.#uses.delete(name);
  }
}
