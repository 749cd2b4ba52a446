import { expect, it } from 'vitest';
import { simulate } from './index.ts';

const TEST_MS = 180_000;

it(
  'keeps every promise in three hundred schedules of seven authorities, two of which lie',
  async () => {
    const report = await simulate({ firstSeed: 1, seeds: 300, authorities: 7 });
    expect(report.failures).toEqual([]);
    expect(report.lyingAuthorities).toBeGreaterThan(450);
    expect(report.blocks).toBeGreaterThan(1000);
  },
  TEST_MS,
);
