import { describe, expect, it } from 'vitest';
import { simulate } from './index.ts';
import { runSchedule } from './schedule.ts';

async function traceOf(seed: number, signatures: 'ecdsa' | 'keyed-hash'): Promise<readonly string[]> {
  const lines: string[] = [];
  await runSchedule({ seed, authorities: 4, signatures, trace: (line) => lines.push(line) });
  return lines;
}

describe('three authorities', () => {
  it('keep every promise in a thousand schedules with crashes only', async () => {
    const report = await simulate({ firstSeed: 1, seeds: 1000, authorities: 3 });
    expect(report.failures).toEqual([]);
    expect(report.lyingAuthorities).toBe(0);
    expect(report.blocks).toBeGreaterThan(3000);
  }, 180_000);
});

describe('seeds that found a defect', () => {
  it.each([
    {
      seed: 850,
      authorities: 7,
      defect: 'a vote before any request kept the timer of the others from being set',
    },
    { seed: 1318, authorities: 7, defect: 'the same, with keyed hashes' },
    {
      seed: 9302,
      authorities: 4,
      defect: 'votes that help an earlier turn were answered by votes without end',
    },
    { seed: 204516, authorities: 7, defect: 'the same, of seven' },
    {
      seed: 7390,
      authorities: 7,
      defect: 'while a fetched block was written to the log, the next one was proposed at the height before',
    },
  ] as const)('keep their promises: $seed of $authorities authorities ($defect)', async (found) => {
    const { seed: firstSeed, authorities } = found;
    expect((await simulate({ firstSeed, seeds: 1, authorities })).failures).toEqual([]);
  });
});

describe('a schedule', () => {
  it.each(['keyed-hash', 'ecdsa'] as const)('is the same every time (%s)', async (signatures) => {
    for (const seed of [2, 17, 42]) {
      const trace = await traceOf(seed, signatures);
      expect(trace.length).toBeGreaterThan(50);
      expect(await traceOf(seed, signatures)).toEqual(trace);
    }
  });

  it('differs from seed to seed', async () => {
    expect(await traceOf(1, 'keyed-hash')).not.toEqual(await traceOf(2, 'keyed-hash'));
  });
});
