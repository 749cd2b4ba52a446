import type { Draws } from './draws.ts';

/** What a disk writes as a whole or not at all. */
const SECTOR_BYTES = 512;
/** One sector in so many is missing: half of what was written, or a single one. */
const SECTORS_A_HOLE = [2, 16, 128] as const;

/**
 * What a power cut leaves of bytes that were not synced: nothing; those up to some byte, a torn write; the sectors that had
 * been written, in no order, zeros between them; or all.
 */
const OUTCOMES = ['nothing', 'prefix', 'sectors', 'all'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Survival {
  readonly bytes: Buffer;
  readonly outcome: Outcome;
}

/** The first `durable` bytes of the content stay; what becomes of the others is drawn. */
export function survivalOf(content: Buffer, durable: number, draws: Draws): Survival {
  const open = content.length - durable;
  if (open <= 0) return { bytes: content, outcome: 'all' };
  const outcome = draws.oneOf(OUTCOMES);
  if (outcome === 'all') return { bytes: content, outcome };
  if (outcome === 'nothing') return { bytes: content.subarray(0, durable), outcome };
  const bytes = Buffer.from(content.subarray(0, durable + draws.below(open)));
  if (outcome === 'sectors') dropSectors(bytes, durable, draws);
  return { bytes, outcome };
}

function dropSectors(bytes: Buffer, durable: number, draws: Draws): void {
  const sectorsAHole = draws.oneOf(SECTORS_A_HOLE);
  for (let start = durable; start < bytes.length;) {
    const end = Math.min(bytes.length, start - (start % SECTOR_BYTES) + SECTOR_BYTES);
    if (draws.onceIn(sectorsAHole)) bytes.fill(0, start, end);
    start = end;
  }
}
