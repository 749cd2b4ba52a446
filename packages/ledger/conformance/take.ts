import type { CloseableAsyncIterable } from '@hyperledger/fabric-gateway';

/** Reads until `enough`; a case may fail before it looks, which must not end the program. */
export function take<T>(
  iterable: CloseableAsyncIterable<T>,
  enough: (item: T, all: readonly T[]) => boolean,
): Promise<T[]> {
  const taken = readUntil(iterable, enough);
  taken.catch(() => undefined);
  return taken;
}

async function readUntil<T>(
  iterable: CloseableAsyncIterable<T>,
  enough: (item: T, all: readonly T[]) => boolean,
): Promise<T[]> {
  const taken: T[] = [];
  try {
    for await (const item of iterable) {
      taken.push(item);
      if (enough(item, taken)) break;
    }
    return taken;
  } finally {
    iterable.close();
  }
}
