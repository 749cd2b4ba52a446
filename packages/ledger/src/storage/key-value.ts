import { ClassicLevel, type BatchOperation } from 'classic-level';
import { LedgerError } from '../error.ts';
import { auditLevel, cutTornLogs } from './level/index.ts';

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
export type Change =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

export interface Range {
  /** Inclusive. */
  readonly from: Uint8Array;
  /** Exclusive. */
  readonly to: Uint8Array;
  readonly reverse?: boolean;
}

/** What the store held at one moment. Must be closed. */
export interface KeyValueView {
  get(key: Uint8Array): Uint8Array | undefined;
  /** In the order of the keys' bytes. */
  range(range: Range): AsyncIterableIterator<Entry>;
  close(): Promise<void>;
}

/**
 * An ordered store of bytes. A batch is applied as a whole or not at all, in the order of the calls, and is not durable:
 * after a power cut a prefix of the batches is there.
 */
export interface KeyValueStore {
  get(key: Uint8Array): Uint8Array | undefined;
  view(): KeyValueView;
  write(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}

/** Entries fetched from LevelDB at once. */
const READ_AHEAD = 200;
const WRITE_BUFFER_BYTES = 8 * 1024 * 1024;
/** Four times LevelDB's own: a quarter of the index to keep in memory for as fast a read. */
const BLOCK_BYTES = 16 * 1024;

type Level = ClassicLevel<Uint8Array, Uint8Array>;

/**
 * Opens a LevelDB whose files all hold their checksums: LevelDB itself would serve, lose or die of what is damaged. One that was
 * interrupted loses the end of its logs from the first damage on. @throws LedgerError STORE_CORRUPT
 */
export async function openLevel(
  directory: string,
  { wasInterrupted = false }: { readonly wasInterrupted?: boolean } = {},
): Promise<KeyValueStore> {
  if (wasInterrupted) await cutTornLogs(directory);
  const [damage] = await auditLevel(directory);
  if (damage !== undefined) {
    const { file, offset, what } = damage;
    throw new LedgerError('STORE_CORRUPT', `${what} is damaged (${file} at byte ${offset})`, {
      details: {
        ...damage,
        hint: `The blocks hold all of it: remove ${directory} and start the node again.`,
      },
    });
  }
  const level: Level = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    writeBufferSize: WRITE_BUFFER_BYTES,
    blockSize: BLOCK_BYTES,
  });
  await level.open();
  return {
    get: (key) => readable(() => level.getSync(key)),
    view: () => new LevelView(level),
    async write(changes) {
      await level.batch(changes as BatchOperation<Level, Uint8Array, Uint8Array>[], {});
    },
    close: () => level.close(),
  };
}

class LevelView implements KeyValueView {
  readonly #level: Level;
  readonly #snapshot: ReturnType<Level['snapshot']>;

  constructor(level: Level) {
    this.#level = level;
    this.#snapshot = level.snapshot();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return readable(() => this.#level.getSync<Uint8Array, Uint8Array>(key, { snapshot: this.#snapshot }));
  }

  async *range(range: Range): AsyncIterableIterator<Entry> {
    const iterator = this.#level.iterator<Uint8Array, Uint8Array>({
      gte: range.from,
      lt: range.to,
      reverse: range.reverse ?? false,
      snapshot: this.#snapshot,
    });
    try {
      for (;;) {
        const entries = await iterator.nextv(READ_AHEAD).catch(rethrow);
        if (entries.length === 0) return;
        for (const [key, value] of entries) yield { key, value };
      }
    } finally {
      await iterator.close();
    }
  }

  async close(): Promise<void> {
    await this.#snapshot.close();
  }
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    return rethrow(error);
  }
}

/** @throws LedgerError STORE_CORRUPT for what LevelDB finds to be damaged while it runs */
function rethrow(error: unknown): never {
  const isDamage = error instanceof Error && 'code' in error && error.code === 'LEVEL_CORRUPTION';
  if (!isDamage) throw error;
  throw new LedgerError('STORE_CORRUPT', `The files of the state are damaged: ${error.message}`, {
    cause: error,
  });
}
