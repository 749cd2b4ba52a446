import type { DeliveredBlock } from '../ordering/block.ts';
import { RecentBlocks } from '../ordering/recent-blocks.ts';
import { Turns } from './turns.ts';
import { Waiters } from './waiters.ts';

/** Somebody that has blocks: an orderer, or another peer. */
export interface BlockSource {
  readonly name: string;
  readonly height: number;
  read(number: number): Promise<DeliveredBlock>;
}

/**
 * Where the peers of one channel get their blocks: whichever orderer is first pushes it, and whoever has it serves who is
 * behind. Nothing here is trusted: peers verify what they take.
 */
export class BlockFeed {
  /** For peers that are just behind. */
  readonly #recent = new RecentBlocks<DeliveredBlock>();
  #newest = -1;
  readonly #sources = new Map<string, BlockSource>();
  readonly #waiters = new Waiters();
  readonly #mayRead: (reader: string) => boolean;
  /** Of the peers, at validating and writing a block. */
  readonly turns = new Turns();

  /** `mayRead`: whether the channel lets a reader of this name have its blocks. */
  constructor(mayRead: (reader: string) => boolean) {
    this.#mayRead = mayRead;
  }

  publish(delivered: DeliveredBlock): void {
    if (delivered.number <= this.#newest) return;
    this.#newest = delivered.number;
    this.#recent.put(delivered.number, delivered);
    this.#waiters.wake();
  }

  /** What was pushed is no block of the chain: the next copy of this number that is pushed takes its place. */
  refuse({ number }: DeliveredBlock): void {
    this.#newest = Math.min(this.#newest, number - 1);
  }

  add(source: BlockSource): void {
    this.#sources.set(source.name, source);
    this.#waiters.wake();
  }

  remove(name: string): void {
    this.#sources.delete(name);
  }

  /** Height that some source claims. */
  get height(): number {
    return Math.max(0, ...[...this.#sources.values()].map((source) => source.height));
  }

  /** Every copy of a block that the reader can have now, the pushed one first. A source that fails is passed over. */
  async *copies(number: number, reader: string): AsyncGenerator<DeliveredBlock> {
    if (!this.#mayRead(reader)) return;
    const pushed = this.#recent.get(number);
    if (pushed !== undefined) yield pushed;
    for (const source of this.#sources.values()) {
      if (source.name === reader || source.height <= number) continue;
      const copy = await source.read(number).catch(() => undefined);
      if (copy !== undefined) yield copy;
    }
  }

  /** Resolves when there may be more blocks, or when `signal` ends the wait. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#waiters.wait(signal);
  }
}
