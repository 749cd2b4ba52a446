import { CustodyError } from '../errors.ts';

/** Groups waiting for the disk; beyond them the custodian is overloaded and says so. */
const MAX_WAITING = 20_000;
/** Groups of one commit. */
const MAX_COMMIT = 1_000;

interface Waiting<Item, Result> {
  readonly items: readonly Item[];
  readonly resolve: (results: Result[]) => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * Collects what arrives within one turn of the event loop and commits it together, so that concurrent callers share an fsync.
 * `commit` is all or nothing, synchronous and durable on return.
 */
export class GroupCommit<Item, Result> {
  readonly #commit: (groups: readonly (readonly Item[])[]) => Result[][];
  #waiting: Waiting<Item, Result>[] = [];
  #scheduled: Promise<void> | undefined;

  constructor(commit: (groups: readonly (readonly Item[])[]) => Result[][]) {
    this.#commit = commit;
  }

  /** @throws CustodyError OVER_LIMIT; whatever `commit` throws, and then nothing of the group is stored */
  async add(items: readonly Item[]): Promise<Result[]> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new CustodyError('OVER_LIMIT', `${MAX_WAITING} entries wait for the disk`);
    }
    const result = new Promise<Result[]>((resolve, reject) => this.#waiting.push({ items, resolve, reject }));
    this.#scheduled ??= new Promise((done) => setImmediate(() => done(this.#flush())));
    return result;
  }

  /** Resolves when everything that waits is durable or refused. */
  async settle(): Promise<void> {
    while (this.#scheduled !== undefined) await this.#scheduled;
  }

  #flush(): void {
    this.#scheduled = undefined;
    const groups = this.#waiting.splice(0, MAX_COMMIT);
    if (this.#waiting.length > 0) {
      this.#scheduled = new Promise((done) => setImmediate(() => done(this.#flush())));
    }
    try {
      const results = this.#commit(groups.map(({ items }) => items));
      groups.forEach(({ resolve }, i) => resolve(results[i] as Result[]));
    } catch (cause) {
      for (const { reject } of groups) reject(cause);
    }
  }
}
