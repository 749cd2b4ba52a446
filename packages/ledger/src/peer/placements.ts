import type { TransactionPlace } from '../storage/index.ts';
import type { CommittedBlock } from './committer.ts';

type Tell = (place: TransactionPlace | undefined) => void;

/** Those who wait for transactions to stand in a block: each is told once, and a block wakes nobody else. */
export class Placements {
  readonly #waiting = new Map<string, Set<Tell>>();

  /** Resolves with the place, or with undefined when `signal` or `end` ends the wait. */
  wait(txId: string, signal: AbortSignal): Promise<TransactionPlace | undefined> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(undefined);
      const waiting = this.#waiting.get(txId) ?? new Set();
      this.#waiting.set(txId, waiting);
      const tell: Tell = (place) => {
        signal.removeEventListener('abort', giveUp);
        waiting.delete(tell);
        if (waiting.size === 0) this.#waiting.delete(txId);
        resolve(place);
      };
      const giveUp = () => tell(undefined);
      signal.addEventListener('abort', giveUp, { once: true });
      waiting.add(tell);
    });
  }

  /** Tells of the transactions of a block that is durable. */
  note({ number, transactions, codes }: CommittedBlock): void {
    if (this.#waiting.size === 0) return;
    for (const [index, { txId }] of transactions.entries()) {
      const place = { block: number, index, code: codes[index] ?? 255 };
      for (const tell of this.#waiting.get(txId) ?? []) tell(place);
    }
  }

  end(): void {
    for (const waiting of this.#waiting.values()) for (const tell of waiting) tell(undefined);
  }
}
