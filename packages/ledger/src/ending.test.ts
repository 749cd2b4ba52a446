import { expect, test, vi } from 'vitest';
import { Ending } from './ending.ts';

test('tells who listens, once, and keeps its first reason', () => {
  const ending = new Ending();
  const stays = vi.fn();
  const leaves = vi.fn();
  ending.listen(stays);
  ending.listen(leaves);
  ending.leave(leaves);
  const { signal } = ending;
  expect([ending.hasCome, signal.aborted]).toEqual([false, false]);
  const reason = new Error('first');
  ending.come(reason);
  ending.come(new Error('second'));
  expect(stays).toHaveBeenCalledOnce();
  expect(leaves).not.toHaveBeenCalled();
  expect([ending.hasCome, ending.reason, signal.aborted, signal.reason]).toEqual([
    true,
    reason,
    true,
    reason,
  ]);
});

test('a signal that is asked for afterwards is aborted', () => {
  const ending = new Ending();
  ending.come(new Error('over'));
  expect(ending.signal.aborted).toBe(true);
});
