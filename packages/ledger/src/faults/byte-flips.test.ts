import { expect, it } from 'vitest';
import { FLIP_KINDS } from './flip-places.ts';
import { playByteFlips } from './index.ts';

const FLIPS = 25;

it('names, refuses and repairs every flipped bit of live bytes, wherever the seed draws it', async () => {
  const { byKind } = await playByteFlips({ flips: FLIPS, firstSeed: 20_261_121 });
  for (const kind of FLIP_KINDS) expect(byKind[kind]).toBeGreaterThan(0);
}, 120_000);
