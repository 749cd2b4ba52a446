import type { Ending } from '../ending.ts';
import type { TransactionPlace } from '../storage/index.ts';
import type { CommittedBlock } from './committer.ts';

type Tell = (place: TransactionPlace | undefined) => void;

/** Those who wait for transactions to stand in a block: each is told once, and a block wakes nobody else. */
export class Placements {
  readonly #waiting = new Map<string, Tell[]>();

  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Resolves with the place, or with undefined when `ending` or `end` ends the wait. */
  wait(txId: string, ending: Ending): Promise<TransactionPlace | undefined> {
    return new Promise((resolve) => {
      if (ending.hasCome) return resolve(undefined);
      const giveUp = () => {
        this.#forget(txId, tell);
        resolve(undefined);
      };
      const tell: Tell = (place) => {
        ending.leave(giveUp);
        resolve(place);
      };
      ending.listen(giveUp);
      const others = this.#waiting.get(txId);
      if (others === undefined) this.#waiting.set(txId, [tell]);
      else others.push(tell);
    });
  }

  /** Tells of the transactions of a block that is durable. */
  note({ number, transactions, codes }: CommittedBlock): void {
    if (this.#waiting.size === 0) return;
    for (let index = 0; index < transactions.length; index++) {
      const txId = transactions[index]?.txId ?? '';
      const waiting = this.#waiting.get(txId);
      if (waiting === undefined) continue;
      this.#waiting.delete(txId);
      const place = { block: number, index, code: codes[index] ?? 255 };
      for (const tell of waiting) tell(place);
    }
  }

  end(): void {
    const waiting = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    for (const tell of waiting) tell(undefined);
  }

  #forget(txId: string, tell: Tell): void {
    const others = (this.#waiting.get(txId) ?? []).filter((other) => other !== tell);
    if (others.length > 0) this.#waiting.set(txId, others);
    else this.#waiting.delete(txId);
  }
}
