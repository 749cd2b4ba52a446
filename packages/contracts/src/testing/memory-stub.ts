import { utf8 } from '@healthchain/core';
import type { StateIterator, Stub } from '../stub.ts';

const MAX_RUNE = '\u{10ffff}';

/** Committed state, its keys in the order of their UTF-8 bytes, as LevelDB keeps them. */
export class MemoryState {
  readonly #rows = new Map<string, Uint8Array>();
  #ordered: string[] | undefined = [];

  get(key: string): Uint8Array | undefined {
    return this.#rows.get(key);
  }

  range(start: string, end: string): [string, Uint8Array][] {
    this.#ordered ??= [...this.#rows.keys()].sort(byUtf8);
    return this.#ordered
      .filter((key) => byUtf8(start, key) <= 0 && byUtf8(key, end) < 0)
      .map((key) => [key, this.#rows.get(key) as Uint8Array]);
  }

  apply(writes: ReadonlyMap<string, Uint8Array | null>): void {
    for (const [key, value] of writes) {
      if (!this.#rows.has(key) || value === null) this.#ordered = undefined;
      if (value === null) this.#rows.delete(key);
      else this.#rows.set(key, value);
    }
  }
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export interface Invocation {
  readonly args: readonly string[];
  readonly transactionId: string;
  readonly channel: string;
  readonly creator: { readonly mspid: string; readonly idBytes: Uint8Array };
  readonly transient: Readonly<Record<string, Uint8Array>>;
  readonly at: Date;
}

/**
 * A stub with Fabric's semantics over a memory state: no reads of own writes, composite key ranges, no paginated query in a
 * transaction that writes, keys and attributes checked as fabric-shim checks them. It counts what was read.
 */
export class MemoryStub implements Stub {
  readonly #state: MemoryState;
  readonly #invocation: Invocation;
  readonly writes = new Map<string, Uint8Array | null>();
  readonly keysRead: string[] = [];
  readonly rangesRead: string[] = [];
  event: { readonly name: string; readonly payload: Uint8Array } | undefined;
  #hasPaged = false;

  constructor(state: MemoryState, invocation: Invocation) {
    this.#state = state;
    this.#invocation = invocation;
  }

  getArgs(): string[] {
    return [...this.#invocation.args];
  }

  getTxID(): string {
    return this.#invocation.transactionId;
  }

  getChannelID(): string {
    return this.#invocation.channel;
  }

  getCreator() {
    return this.#invocation.creator;
  }

  getTransient(): Map<string, Uint8Array> {
    return new Map(Object.entries(this.#invocation.transient));
  }

  getDateTimestamp(): Date {
    return this.#invocation.at;
  }

  async getState(key: string): Promise<Uint8Array> {
    if (key === '') throw new Error('empty key');
    this.keysRead.push(key);
    return this.#state.get(key) ?? new Uint8Array(0);
  }

  async putState(key: string, value: Uint8Array): Promise<void> {
    if (key === '' || value.length === 0) throw new Error('empty key or value');
    this.#write(key, value);
  }

  async deleteState(key: string): Promise<void> {
    this.#write(key, null);
  }

  async getStateByPartialCompositeKey(objectType: string, attributes: string[]): Promise<StateIterator> {
    const start = compositeKey(objectType, attributes);
    this.rangesRead.push(start);
    return iterate(this.#state.range(start, start + MAX_RUNE));
  }

  async getStateByPartialCompositeKeyWithPagination(
    objectType: string,
    attributes: string[],
    pageSize: number,
    bookmark = '',
  ) {
    const start = compositeKey(objectType, attributes);
    this.#hasPaged = true;
    if (this.writes.size > 0) throw new Error('a paginated query in a transaction that writes');
    const rows = this.#state.range(bookmark === '' ? start : bookmark, start + MAX_RUNE);
    const next = rows[pageSize]?.[0] ?? '';
    const iterator = iterate(rows.slice(0, pageSize));
    return rows.length === 0 ? { iterator } : { iterator, metadata: { bookmark: next } };
  }

  setEvent(name: string, payload: Uint8Array): void {
    if (name === '') throw new Error('an event without a name');
    this.event = { name, payload };
  }

  #write(key: string, value: Uint8Array | null): void {
    if (this.#hasPaged) throw new Error('a paginated query in a transaction that writes');
    this.writes.set(key, value);
  }
}

function compositeKey(objectType: string, attributes: readonly string[]): string {
  for (const part of [objectType, ...attributes]) {
    if (part === '' || part.includes('\u0000') || part.includes(MAX_RUNE)) throw new Error('a bad key part');
    if (utf8(part).length > 1024) throw new Error('a long key part');
  }
  return `\u0000${[objectType, ...attributes].join('\u0000')}\u0000`;
}

function iterate(rows: readonly [string, Uint8Array][]): StateIterator {
  let next = 0;
  let isOpen = true;
  return {
    next: async () => {
      if (!isOpen) throw new Error('the iterator is closed');
      const row = rows[next++];
      return row === undefined ? { done: true } : { done: false, value: { key: row[0], value: row[1] } };
    },
    close: async () => {
      isOpen = false;
    },
  };
}
