interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** The simulated clock: what happens when, in milliseconds; of two at one time the one asked for first. */
export class Timeline {
  #now = 0;
  #order = 0;
  /** A binary heap, the next one first. */
  readonly #heap: Entry[] = [];

  get now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): void {
    const entry = { at: this.#now + ms, order: this.#order++, run };
    let child = this.#heap.push(entry) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!isBefore(entry, this.#at(parent))) break;
      this.#heap[child] = this.#at(parent);
      child = parent;
    }
    this.#heap[child] = entry;
  }

  /** Moves the clock to what comes next and returns it; undefined when nothing is left up to `until`. */
  advance(until: number): (() => void) | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.at > until) return undefined;
    const last = this.#heap.pop() as Entry;
    if (this.#heap.length > 0) this.#sink(last);
    this.#now = first.at;
    return first.run;
  }

  #sink(entry: Entry): void {
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && isBefore(this.#at(child + 1), this.#at(child))) child += 1;
      if (!isBefore(this.#at(child), entry)) break;
      this.#heap[parent] = this.#at(child);
      parent = child;
    }
    this.#heap[parent] = entry;
  }

  #at(place: number): Entry {
    return this.#heap[place] as Entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
