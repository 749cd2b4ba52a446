import type { BlockLog, Damage, Location } from '../storage/index.ts';

export interface StoredBlocks {
  /** One more than the highest number of an intact block. */
  readonly count: number;
  /** Of a repaired block the later copy. */
  readonly places: ReadonlyMap<number, Location>;
  /** In the order of the segments; a torn end is the last. */
  readonly damages: readonly Damage[];
}

/** Where each block lies by the segments alone. */
export async function scanBlocks(log: BlockLog): Promise<StoredBlocks> {
  const places = new Map<number, Location>();
  const damages: Damage[] = [];
  const scan = log.scan();
  let step = await scan.next();
  for (; step.done !== true; step = await scan.next()) {
    if ('damage' in step.value) damages.push(step.value.damage);
    else places.set(step.value.number, step.value.location);
  }
  if (step.value.tornAt !== undefined) damages.push(step.value.tornAt);
  let count = 0;
  for (const number of places.keys()) count = Math.max(count, number + 1);
  return { count, places, damages };
}
