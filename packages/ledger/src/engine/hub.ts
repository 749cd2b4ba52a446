import type { ChannelOrderer, DeliveredBlock, Message, OrderingNetwork } from '../ordering/index.ts';
import { isConfigBlock } from '../ordering/chain-tip.ts';
import { decodeBlock, type BlockStore } from '../ordering/index.ts';
import { BlockFeed } from '../peer/index.ts';

export interface HubOwner {
  /** Whether the channel's newest configuration lets a peer of this name have its blocks. */
  mayRead(channelId: string, peer: string): boolean;
  /** An orderer has committed another configuration. */
  onConfig(channelId: string): void;
}

/** The orderers and peers of one channel as they reach each other inside this process. */
export class ChannelHub implements OrderingNetwork {
  readonly channelId: string;
  readonly feed: BlockFeed;
  readonly #owner: HubOwner;
  /** By consenter id. */
  readonly #running = new Map<number, { readonly node: string; readonly orderer: ChannelOrderer }>();

  constructor(channelId: string, owner: HubOwner) {
    this.channelId = channelId;
    this.#owner = owner;
    this.feed = new BlockFeed((peer) => owner.mayRead(channelId, peer));
  }

  get orderers(): ChannelOrderer[] {
    return [...this.#running.values()].map(({ orderer }) => orderer);
  }

  join(node: string, id: number, orderer: ChannelOrderer): void {
    for (const [other, running] of this.#running) {
      running.orderer.setLink(id, true);
      orderer.setLink(other, true);
    }
    this.#running.set(id, { node, orderer });
    this.#tellAbsent();
    this.feed.add(sourceOf(node, orderer.store));
  }

  leave(node: string): void {
    this.feed.remove(node);
    for (const [id, running] of this.#running) if (running.node === node) this.#running.delete(id);
    this.#tellAbsent();
  }

  publish(delivered: DeliveredBlock): void {
    this.feed.publish(delivered);
    if (!isConfigBlock(delivered.block.data)) return;
    this.#tellAbsent();
    this.#owner.onConfig(this.channelId);
  }

  send(from: number, to: number | 'others', message: Message): void {
    const receivers = to === 'others' ? [...this.#running.keys()].filter((id) => id !== from) : [to];
    setImmediate(() => {
      for (const id of receivers) this.#running.get(id)?.orderer.receive(from, message);
    });
  }

  async *blocks(from: number, height: number): AsyncIterable<Uint8Array> {
    for (let number = height; ; number++) {
      const orderer = this.#running.get(from)?.orderer;
      if (orderer === undefined || number >= orderer.height) return;
      yield await orderer.store.block(number);
    }
  }

  /** Blocks that any running orderer has from `height` on. */
  async *blocksOfAny(height: number): AsyncIterable<Uint8Array> {
    const ids = [...this.#running].toSorted(([, a], [, b]) => b.orderer.height - a.orderer.height);
    const [highest] = ids;
    if (highest !== undefined) yield* this.blocks(highest[0], height);
  }

  /** Nobody waits long for a proposer that is known not to be there. */
  #tellAbsent(): void {
    for (const { orderer } of this.#running.values()) {
      for (const { id } of orderer.config.consenters) if (!this.#running.has(id)) orderer.setLink(id, false);
    }
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
      return { number, parts: [bytes], block: decodeBlock(bytes) };
    },
  };
}
