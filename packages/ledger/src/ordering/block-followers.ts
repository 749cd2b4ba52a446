import { EventEmitter, once } from 'node:events';
import { decodeBlock, type DeliveredBlock } from './block.ts';
import type { BlockStore } from './block-store.ts';

const CHANGED = 'changed';

/** Clients that follow an orderer's blocks. */
export class BlockFollowers {
  readonly #store: BlockStore;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #hasEnded = false;

  constructor(store: BlockStore) {
    this.#store = store;
  }

  /** The store has another block. */
  note(): void {
    this.#changes.emit(CHANGED);
  }

  end(): void {
    this.#hasEnded = true;
    this.#changes.emit(CHANGED);
  }

  /** Blocks from `from` on, waiting for the next; ends when `signal` does or the orderer stops. */
  async *follow(from: number, signal: AbortSignal): AsyncGenerator<DeliveredBlock> {
    for (let number = from; !signal.aborted && !this.#hasEnded; number++) {
      while (number >= this.#store.height) {
        await once(this.#changes, CHANGED, { signal }).catch(() => undefined);
        if (signal.aborted || this.#hasEnded) return;
      }
      const bytes = await this.#store.block(number);
      yield { number, parts: [bytes], block: decodeBlock(bytes) };
    }
  }
}
