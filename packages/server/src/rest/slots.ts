import { setTimeout as wait } from 'node:timers/promises';

/**
 * Waits until the end of the current slot, counted from `startedAt` (milliseconds of `performance.now`). What does not exist is
 * known at once, what may not be read only after the custodians refused: both answers leave at the end of a slot, so that time
 * tells no more than the body (custody.md section 4).
 */
export async function endOfSlot(startedAt: number, slotMs: number): Promise<void> {
  if (slotMs === 0) return;
  const spent = performance.now() - startedAt;
  await wait(slotMs - (spent % slotMs));
}
