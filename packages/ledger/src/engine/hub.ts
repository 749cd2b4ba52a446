import { LedgerError } from '../error.ts';
import type { ChannelOrderer, Message, OrderingNetwork, RawBlock } from '../ordering/index.ts';
import { decodeBlock, type BlockStore } from '../ordering/index.ts';
import { BlockFeed, type DeliveredBlock } from '../peer/index.ts';

/** The orderers and peers of one channel as they reach each other inside this process. */
export class ChannelHub implements OrderingNetwork {
  readonly channelId: string;
  readonly feed = new BlockFeed();
  /** Consenter ids of all orderers, running or not, by node. */
  readonly #ids: ReadonlyMap<string, number>;
  readonly #running = new Map<number, ChannelOrderer>();

  constructor(channelId: string, ids: ReadonlyMap<string, number>) {
    this.channelId = channelId;
    this.#ids = ids;
  }

  get orderers(): Iterable<ChannelOrderer> {
    return this.#running.values();
  }

  idOf(node: string): number | undefined {
    return this.#ids.get(node);
  }

  orderer(node: string): ChannelOrderer | undefined {
    const id = this.#ids.get(node);
    return id === undefined ? undefined : this.#running.get(id);
  }

  join(node: string, orderer: ChannelOrderer): void {
    const id = this.#mustKnow(node);
    for (const [other, running] of this.#running) {
      running.setLink(id, true);
      orderer.setLink(other, true);
    }
    for (const other of this.#ids.values()) {
      if (other !== id && !this.#running.has(other)) orderer.setLink(other, false);
    }
    this.#running.set(id, orderer);
    this.feed.add(sourceOf(node, orderer.store));
  }

  leave(node: string): void {
    const id = this.#mustKnow(node);
    this.#running.delete(id);
    this.feed.remove(node);
    for (const running of this.#running.values()) running.setLink(id, false);
  }

  publish(number: number, bytes: Uint8Array, block: RawBlock): void {
    this.feed.publish({ number, bytes, block });
  }

  send(from: number, to: number | 'others', message: Message): void {
    const receivers = to === 'others' ? [...this.#running.keys()].filter((id) => id !== from) : [to];
    setImmediate(() => {
      for (const id of receivers) this.#running.get(id)?.receive(from, message);
    });
  }

  async *blocks(from: number, height: number): AsyncIterable<Uint8Array> {
    for (let number = height; ; number++) {
      const orderer = this.#running.get(from);
      if (orderer === undefined || number >= orderer.height) return;
      yield await orderer.store.block(number);
    }
  }

  #mustKnow(node: string): number {
    const id = this.#ids.get(node);
    if (id === undefined) throw new LedgerError('UNKNOWN_NODE', `${node} does not order ${this.channelId}`);
    return id;
  }
}

function sourceOf(name: string, store: BlockStore) {
  return {
    name,
    get height() {
      return store.height;
    },
    async read(number: number): Promise<DeliveredBlock> {
      const bytes = await store.block(number);
      return { number, bytes, block: decodeBlock(bytes) };
    },
  };
}
