import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inTime } from './in-time.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const late = () => new Error('late');

test('work that ends in time ends as it does, and leaves no timer', async () => {
  expect(await inTime(Promise.resolve(1), 1000, late)).toBe(1);
  await expect(inTime(Promise.reject(new Error('failed')), 1000, late)).rejects.toThrow('failed');
  expect(vi.getTimerCount()).toBe(0);
});

test('work that does not is given up, and what it ends with later is nobody’s', async () => {
  const work = Promise.withResolvers<number>();
  const waiting = inTime(work.promise, 1000, late);
  vi.advanceTimersByTime(1000);
  await expect(waiting).rejects.toThrow('late');
  work.reject(new Error('too late'));
});
