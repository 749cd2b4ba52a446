import { expect, it } from 'vitest';
import { simulate } from './index.ts';

const TEST_MS = 180_000;

it(
  'keeps every promise in eight hundred schedules of four authorities, one of which lies',
  async () => {
    const report = await simulate({ firstSeed: 1, seeds: 800, authorities: 4 });
    expect(report.failures).toEqual([]);
    expect(report.lyingAuthorities).toBeGreaterThan(600);
    expect(report.blocks).toBeGreaterThan(2000);
  },
  TEST_MS,
);
