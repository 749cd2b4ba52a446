import { expect, it } from 'vitest';
import { playPowerCuts } from './index.ts';

const CUTS = 16;

it('keeps everything acknowledged, whole, over power cuts at seeded moments under concurrent writes', async () => {
  const report = await playPowerCuts({ cuts: CUTS, firstSeed: 20_261_121 });
  expect(report.cuts).toBe(CUTS);
  expect(report.acknowledged).toBeGreaterThan(CUTS);
  for (const outcome of Object.values(report.outcomes)) expect(outcome).toBeGreaterThan(0);
}, 120_000);
