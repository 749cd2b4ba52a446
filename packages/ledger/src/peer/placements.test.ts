import { expect, test } from 'vitest';
import { Ending } from '../ending.ts';
import type { CommittedBlock } from './committer.ts';
import { Placements } from './placements.ts';

function blockOf(number: number, txIds: readonly string[]): CommittedBlock {
  const transactions = txIds.map((txId) => ({ txId }));
  return { number, transactions, codes: Uint8Array.from(txIds, () => 0) } as unknown as CommittedBlock;
}

test('who waits for a transaction is told its place, and nobody is told of another', async () => {
  const placements = new Placements();
  const [first, again, other] = ['a', 'a', 'b'].map((txId) => placements.wait(txId, new Ending()));
  placements.note(blockOf(3, ['x', 'a']));
  expect(await first).toEqual({ block: 3, index: 1, code: 0 });
  expect(await again).toEqual({ block: 3, index: 1, code: 0 });
  placements.note(blockOf(4, ['b']));
  expect(await other).toEqual({ block: 4, index: 0, code: 0 });
});

test('a wait ends with nothing when it is given up or the peer stops', async () => {
  const placements = new Placements();
  const ending = new Ending();
  const given = placements.wait('a', ending);
  const stopped = placements.wait('b', new Ending());
  ending.come(new Error('given up'));
  placements.end();
  expect(await given).toBeUndefined();
  expect(await stopped).toBeUndefined();
  expect(await placements.wait('c', ending)).toBeUndefined();
});
