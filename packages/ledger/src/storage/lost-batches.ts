import { LedgerError } from '../error.ts';
import type { KeyValueStore } from './key-value.ts';
import * as keys from './ledger-keys.ts';

/**
 * At open LevelDB drops, without a word, what it cannot read of its log, and later batches still count. Every block's batch leaves one
 * row that no other batch writes, so a batch that was dropped shows as a gap below the savepoint.
 * @throws LedgerError INDEX_CORRUPT naming the first block whose effects are missing
 */
export async function mustHoldEveryBlock(rows: KeyValueStore, height: number): Promise<void> {
  const view = rows.view();
  let next = 0;
  try {
    const range = { from: keys.blockKey(0), to: keys.blockKey(height) };
    for await (const { key } of view.range(range)) {
      if (Buffer.compare(key, keys.blockKey(next)) !== 0) break;
      next += 1;
    }
  } finally {
    await view.close();
  }
  if (next === height) return;
  throw new LedgerError(
    'INDEX_CORRUPT',
    `The state has lost what block ${next} wrote; it must be rebuilt from the blocks`,
    { details: { number: next } },
  );
}
