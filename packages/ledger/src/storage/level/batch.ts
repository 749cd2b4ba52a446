import { LevelBytes } from './reader.ts';
import type { LevelEntry } from './table-file.ts';

const PUT = 1;

/** The changes of one batch as the log holds it (LevelDB db/write_batch.cc). @throws RangeError when it is none */
export function* batchEntries(record: Uint8Array): Generator<LevelEntry> {
  const reader = new LevelBytes(record);
  const first = reader.uint64();
  const count = reader.uint32();
  for (let i = 0; i < count; i++) {
    const isPut = reader.byte() === PUT;
    const key = reader.prefixed();
    yield { key, sequence: first + BigInt(i), value: isPut ? reader.prefixed() : undefined };
  }
}
