import type { RangeCursor } from './simulator.ts';

/** Rows that a Fabric peer hands to a chaincode at once; what it has fetched counts as read. */
const BATCH_ROWS = 100;

export interface KeyValue {
  readonly key: string;
  readonly value: Buffer;
}

export interface KeyModification {
  readonly txId: string;
  readonly value: Buffer;
  readonly isDelete: boolean;
  readonly timestamp: { readonly seconds: number; readonly nanos: number };
}

export interface StubIterator<T> {
  next(): Promise<{ readonly done: boolean; readonly value?: T }>;
  close(): Promise<void>;
}

export interface HistorySource {
  modification(
    place: { readonly block: number; readonly transaction: number },
    namespace: string,
    key: string,
  ): Promise<KeyModification>;
}

/** Fetches in batches, as the peer's handler does: the read set depends on it. */
export async function stateIterator(
  cursor: RangeCursor,
  queryLimit: number,
): Promise<StubIterator<KeyValue>> {
  const waiting: KeyValue[] = [];
  let fetched = 0;
  let hasMore = true;
  const fetch = async (rows: number) => {
    for (let i = 0; i < rows && hasMore; i++) {
      const row = fetched >= queryLimit ? undefined : await cursor.next();
      if (row === undefined) hasMore = false;
      else {
        fetched += 1;
        waiting.push({ key: row.key, value: Buffer.from(row.value) });
      }
    }
  };
  await fetch(BATCH_ROWS + 1);
  return {
    async next() {
      if (waiting.length === 1 && hasMore) await fetch(BATCH_ROWS);
      const value = waiting.shift();
      return value === undefined ? { done: true } : { done: false, value };
    },
    close: () => Promise.resolve(),
  };
}

export interface StatePage {
  readonly iterator: StubIterator<KeyValue>;
  readonly metadata?: { readonly bookmark: string; readonly fetchedRecordsCount: number };
}

export async function pageOf(cursor: RangeCursor, limit: number): Promise<StatePage> {
  const rows: KeyValue[] = [];
  while (rows.length < limit) {
    const row = await cursor.next();
    if (row === undefined) break;
    rows.push({ key: row.key, value: Buffer.from(row.value) });
  }
  const fetchedRecordsCount = rows.length;
  const bookmark = await cursor.bookmark();
  const iterator = listIterator(rows);
  // On Fabric the metadata of an empty last page encode to nothing, which fabric-shim takes for none.
  if (fetchedRecordsCount === 0 && bookmark === '') return { iterator };
  return { iterator, metadata: { bookmark, fetchedRecordsCount } };
}

export async function historyIterator(
  source: HistorySource,
  places: AsyncIterableIterator<{ readonly block: number; readonly transaction: number }>,
  query: { readonly namespace: string; readonly key: string; readonly queryLimit: number },
): Promise<StubIterator<KeyModification>> {
  let given = 0;
  return {
    async next() {
      const step = given >= query.queryLimit ? { done: true as const } : await places.next();
      if (step.done === true) return { done: true };
      given += 1;
      return { done: false, value: await source.modification(step.value, query.namespace, query.key) };
    },
    async close() {
      await places.return?.();
    },
  };
}

/** fabric-shim's promise that is an async iterable of the same results too. */
export function withAsyncIterator<
  R extends StubIterator<unknown> | { readonly iterator: StubIterator<unknown> },
>(promise: Promise<R>): Promise<R> & AsyncIterable<ResultOf<R>> {
  const iterate = (): AsyncIterator<ResultOf<R>> => {
    let iterator: StubIterator<unknown> | undefined;
    const open = async (): Promise<StubIterator<unknown>> => {
      const result: StubIterator<unknown> | { readonly iterator: StubIterator<unknown> } = await promise;
      return 'iterator' in result ? result.iterator : result;
    };
    return {
      async next() {
        iterator ??= await open();
        const step = await iterator.next();
        if (step.done) await iterator.close();
        return step as IteratorResult<ResultOf<R>>;
      },
      async return() {
        await iterator?.close();
        return { done: true, value: undefined };
      },
    };
  };
  return Object.assign(promise, { [Symbol.asyncIterator]: iterate });
}

type ResultOf<R> =
  R extends StubIterator<infer T> ? T : R extends { readonly iterator: StubIterator<infer T> } ? T : never;

function listIterator<T>(rows: T[]): StubIterator<T> {
  return {
    next: () => {
      const value = rows.shift();
      return Promise.resolve(value === undefined ? { done: true } : { done: false, value });
    },
    close: () => Promise.resolve(),
  };
}
