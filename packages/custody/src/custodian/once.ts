import { CustodyError } from '../errors.ts';
import type { Clock } from '../ports.ts';

/** Answers remembered at a time; beyond them the log answers for a repeated request. */
const MAX_REMEMBERED_ANSWERS = 10_000;

interface Remembered<Answer> {
  readonly hash: string;
  readonly notAfter: number;
  readonly answer: Promise<Answer>;
}

/** One id, one set of bytes, one answer. What failed is forgotten: nothing was released, and it may be asked again. */
export class Once<Answer> {
  readonly #now: Clock;
  readonly #remembered = new Map<string, Remembered<Answer>>();

  constructor(now: Clock) {
    this.#now = now;
  }

  /** @throws CustodyError REQUEST_ID_REUSED, or whatever `work` throws */
  async run(id: string, hash: string, notAfter: number, work: () => Promise<Answer>): Promise<Answer> {
    this.#forgetExpired();
    const known = this.#remembered.get(id);
    if (known !== undefined && known.hash !== hash) throw reused();
    if (known !== undefined) return known.answer;
    const answer = work();
    this.#remembered.set(id, { hash, notAfter, answer });
    answer.catch(() => this.#remembered.delete(id));
    return answer;
  }

  #forgetExpired(): void {
    for (const [id, { notAfter }] of this.#remembered) {
      if (notAfter >= this.#now() && this.#remembered.size < MAX_REMEMBERED_ANSWERS) return;
      this.#remembered.delete(id);
    }
  }
}

export function reused(): CustodyError {
  return new CustodyError('REQUEST_ID_REUSED', 'Another request had this id');
}
