import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@healthchain/core';
import { afterEach, expect, it } from 'vitest';
import { MetadataIndex } from '../ordering/block.ts';
import { decodeBlock } from '../ordering/index.ts';
import { openOfflineLedger } from './index.ts';
import { startTestNetwork, type TestNetwork } from './testing.ts';

const PEER = 'peer0.south';

let network: TestNetwork;
afterEach(() => network?.close());

/** What a stopped peer's state says, and the codes and commit hash that each of its blocks carries. */
async function contentOf(peer: string) {
  const ledger = await openOfflineLedger({ directory: network.directory, peer, channel: 'care' });
  const rows: unknown[] = [];
  for await (const row of ledger.state()) rows.push(row);
  const outcomes: string[] = [];
  for await (const bytes of ledger.blocks()) {
    const { metadata } = decodeBlock(bytes);
    outcomes.push(
      [MetadataIndex.transactionsFilter, MetadataIndex.commitHash]
        .map((slot) => toHex(metadata[slot] ?? new Uint8Array()))
        .join(' '),
    );
  }
  await ledger.close();
  return { height: ledger.height, rows, outcomes };
}

it('makes the same state again from the blocks when the state of a stopped peer is gone', async () => {
  network = await startTestNetwork();
  const contract = await network.contract();
  for (let i = 0; i < 4; i++) await contract.submitTransaction('put', `k${i}`, String(i));
  await contract.submitTransaction('del', 'k1');
  await Promise.allSettled(
    Array.from({ length: 5 }, () => contract.submitTransaction('increment', 'counter')),
  );
  await network.engine.close();
  const before = await contentOf(PEER);
  expect(before.rows.length).toBeGreaterThan(0);

  const ledger = join(network.directory, 'nodes', PEER, 'care');
  await rm(join(ledger, 'state'), { recursive: true });
  await network.restart();
  await network.engine.close();
  expect(await contentOf(PEER)).toEqual(before);

  await network.restart();
  const again = await network.contract('SouthMSP');
  await again.submitTransaction('put', 'after', 'rebuilt');
  expect((await again.evaluateTransaction('history', 'k1')).length).toBeGreaterThan(2);
  await network.engine.close();
  const after = await contentOf(PEER);
  expect(after.outcomes.slice(0, before.height)).toEqual(before.outcomes);
  expect(await contentOf('peer0.north')).toEqual(after);
});
