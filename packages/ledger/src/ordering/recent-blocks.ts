import { lengthOf } from '@healthchain/core';

/** Blocks that a node keeps in memory, at most. */
const MAX_BLOCKS = 64;
/** What they hold at most, decoded or not: a block that somebody is behind by is read from disk beyond it. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A block as the parts of its encoding, which may share memory with other blocks. */
interface Encoded {
  readonly parts: readonly Uint8Array[];
}

/** The newest blocks by number; the newest one always. */
export class RecentBlocks<B extends Encoded> {
  readonly #blocks = new Map<number, B>();
  #bytes = 0;

  get(number: number): B | undefined {
    return this.#blocks.get(number);
  }

  /** Numbers must grow. */
  put(number: number, block: B): void {
    this.#blocks.set(number, block);
    this.#bytes += lengthOf(block.parts);
    for (const [oldest, dropped] of this.#blocks) {
      const isFull = this.#blocks.size > MAX_BLOCKS || this.#bytes > MAX_BYTES;
      if (!isFull || oldest === number) return;
      this.#blocks.delete(oldest);
      this.#bytes -= lengthOf(dropped.parts);
    }
  }
}
