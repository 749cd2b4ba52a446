import { describe, expect, it } from 'vitest';
import { RequestPool, type OrderRequest } from './pool.ts';

const LIMITS = { maxMessageCount: 3, preferredMaxBytes: 100, absoluteMaxBytes: 1000, timeoutMs: 0 };

function pool(...requests: (Partial<OrderRequest> & { key: string })[]): RequestPool {
  const filled = new RequestPool();
  for (const request of requests) {
    filled.add({ envelope: new Uint8Array(), size: 10, isConfig: false, ...request });
  }
  return filled;
}

const keys = (requests: OrderRequest[]) => requests.map((request) => request.key);

describe('RequestPool', () => {
  it.each([
    ['the queue drains', pool({ key: 'a' }, { key: 'b' }), ['a', 'b']],
    ['the count is reached', pool({ key: 'a' }, { key: 'b' }, { key: 'c' }, { key: 'd' }), ['a', 'b', 'c']],
    ['the preferred size would be passed', pool({ key: 'a', size: 60 }, { key: 'b', size: 60 }), ['a']],
    ['a large request has its block alone', pool({ key: 'big', size: 500 }, { key: 'b' }), ['big']],
    ['a large request waits for the next block', pool({ key: 'a' }, { key: 'big', size: 500 }), ['a']],
    ['configuration has its block alone', pool({ key: 'c', isConfig: true }, { key: 'b' }), ['c']],
    ['configuration waits for the next block', pool({ key: 'a' }, { key: 'c', isConfig: true }), ['a']],
    ['nothing waits', pool(), []],
  ])('cuts a block when %s', (_, filled, expected) => {
    expect(keys(filled.batch(LIMITS))).toEqual(expected);
  });

  it('keeps one request of a key and gives it up when a block holds it', () => {
    const filled = pool({ key: 'a' });
    expect(filled.add({ key: 'a', envelope: new Uint8Array(), size: 1, isConfig: false })).toBe(false);
    filled.remove('a');
    expect(filled.size).toBe(0);
    expect(filled.batch(LIMITS)).toEqual([]);
  });
});
