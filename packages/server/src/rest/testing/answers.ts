import type { Caller, KeepUnder, KeptAnswer, KeptAnswers } from '../../ports.ts';

/** Answers under idempotency keys, as ports.ts promises them, without their limits. */
export class AnswersInMemory {
  /** True: what is kept stays without outcome, as after a crash. */
  unsettled = false;
  readonly port: KeptAnswers = {
    find: ({ userId }, key) => this.#kept.get(`${userId} ${key}`),
    keep: (caller, repeat, answer) => this.#put(caller, { repeat, answer }, {}),
  };
  readonly #kept = new Map<string, KeptAnswer>();

  keep(caller: Caller, keep: KeepUnder, lastUpdated: string): void {
    this.#put(caller, keep, { lastUpdated });
  }

  #put({ userId }: Caller, { repeat, answer }: KeepUnder, rest: { readonly lastUpdated?: string }): void {
    const { key, fingerprint } = repeat;
    this.#kept.set(`${userId} ${key}`, { fingerprint, answer, isSettled: !this.unsettled, ...rest });
  }
}
