import { ClassicLevel, type BatchOperation } from 'classic-level';

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
const CACHE_BYTES = 64 * 1024 * 1024;
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;

type Level = ClassicLevel<Uint8Array, Uint8Array>;

export async function openLevel(directory: string): Promise<KeyValueStore> {
  const level: Level = new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    cacheSize: CACHE_BYTES,
    writeBufferSize: WRITE_BUFFER_BYTES,
  });
  await level.open();
  return {
    get: (key) => level.getSync(key),
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
    return this.#level.getSync<Uint8Array, Uint8Array>(key, { snapshot: this.#snapshot });
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
        const entries = await iterator.nextv(READ_AHEAD);
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
