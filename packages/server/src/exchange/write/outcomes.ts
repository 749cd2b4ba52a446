export interface Outcome {
  readonly code: number;
  readonly blockNumber: number;
}

/** Who waits for which transaction. Settled by the follower after the block's effects are in the store. */
export class Outcomes {
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();

  /** To be called before the transaction can be ordered. */
  expect(transactionId: string): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#waiting.set(transactionId, resolve);
    });
  }

  /** True while some write waits: then it, not the background, resolves the transaction. */
  isExpected(transactionId: string): boolean {
    return this.#waiting.has(transactionId);
  }

  forget(transactionId: string): void {
    this.#waiting.delete(transactionId);
  }

  settle(transactionId: string, outcome: Outcome): void {
    this.#waiting.get(transactionId)?.(outcome);
    this.#waiting.delete(transactionId);
  }
}
