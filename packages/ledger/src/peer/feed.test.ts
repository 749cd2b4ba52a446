import { expect, it } from 'vitest';
import type { DeliveredBlock } from '../ordering/block.ts';
import { BlockFeed } from './feed.ts';

function copyOf(number: number): DeliveredBlock {
  const header = { number: BigInt(number), previousHash: new Uint8Array(), dataHash: new Uint8Array() };
  return { number, parts: [], block: { header, data: [], metadata: [] } };
}

async function copies(feed: BlockFeed, number: number): Promise<DeliveredBlock[]> {
  return Array.fromAsync(feed.copies(number, 'peer'));
}

it('hands out the copy that came first, and the next one when that is refused', async () => {
  const feed = new BlockFeed(() => true);
  const [forged, late, later] = [copyOf(4), copyOf(4), copyOf(4)];
  feed.publish(forged);
  feed.publish(late);
  expect((await copies(feed, 4))[0]).toBe(forged);
  feed.refuse(forged);
  const changed = feed.changed(new AbortController().signal);
  feed.publish(later);
  await changed;
  expect((await copies(feed, 4))[0]).toBe(later);
});
