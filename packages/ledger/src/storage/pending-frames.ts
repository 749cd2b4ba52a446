import type { BlockLog, Damage, Location } from './block-log.ts';

export interface PendingRange {
  readonly from: Pick<Location, 'segment' | 'offset'> | undefined;
  readonly wasInterrupted: boolean;
}

/**
 * Where the blocks from `height` on lie, in their order; of a repaired block the later copy. A torn tail of a log that was
 * interrupted is cut. @throws LedgerError BLOCK_CORRUPT when one of them is damaged and no later copy replaces it
 */
export async function framesFrom(
  log: BlockLog,
  height: number,
  { from, wasInterrupted }: PendingRange,
): Promise<readonly Location[]> {
  const places = new Map<number, Location>();
  const damages: Damage[] = [];
  let last = -1;
  const scan = log.scan(from);
  let step = await scan.next();
  for (; step.done !== true; step = await scan.next()) {
    if ('damage' in step.value) damages.push(step.value.damage);
    else {
      places.set(step.value.number, step.value.location);
      last = Math.max(last, step.value.number);
    }
  }
  const { tornAt } = step.value;
  if (tornAt !== undefined && wasInterrupted) await log.cut(tornAt);
  else if (tornAt !== undefined) damages.push({ ...tornAt, number: last + 1 });
  const inOrder: Location[] = [];
  for (let place = places.get(height); place !== undefined; place = places.get(height + inOrder.length)) {
    inOrder.push(place);
  }
  mustBeWhole(log, damages, height + inOrder.length, last);
  return inOrder;
}

/** A damaged frame matters when the blocks stop at it: later ones are there, or it calls itself the next one. */
function mustBeWhole(log: BlockLog, damages: readonly Damage[], end: number, last: number): void {
  const [first] = damages;
  if (first === undefined) return;
  if (last > end) throw log.corrupt({ ...first, number: end });
  const next = damages.find(({ number }) => number === end);
  if (next !== undefined) throw log.corrupt(next);
}
