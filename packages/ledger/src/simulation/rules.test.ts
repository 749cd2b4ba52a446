import { describe, expect, it } from 'vitest';
import { NO_FAULTS, type FaultPlan, type Siege } from './faults.ts';
import { simulate } from './index.ts';
import { ACCOMPLICE } from './lies.ts';
import type { PromiseCode } from './promises.ts';
import { FAULTY_RULES, type Rules } from './rules.ts';
import { runSchedule } from './schedule.ts';

/** Without these, only what follows from a breach is seen. */
const CAUSES: readonly PromiseCode[] = [
  'SENT_BEFORE_STORED',
  'SIGNED_TWICE',
  'SIGNED_AFTER_VOTE',
  'HID_SIGNED',
  'FALSE_EVIDENCE',
];

/** What three authorities are found to break in so many schedules, by the name of the broken rule. */
async function found(rules: string, seeds: number, ignored: readonly PromiseCode[] = []) {
  const { failures } = await simulate({ firstSeed: 1, seeds, authorities: 3, rules, ignored });
  return new Set(failures.map(({ code }) => code));
}

describe('the simulation notices authorities that', () => {
  it.each([
    ['forgets-votes', 150, 'SIGNED_AFTER_VOTE'],
    ['forgets-acknowledgements', 30, 'SIGNED_TWICE'],
    ['hides-signed', 20, 'HID_SIGNED'],
    ['sends-before-storing', 20, 'SENT_BEFORE_STORED'],
    ['never-syncs', 20, 'SENT_BEFORE_STORED'],
  ] as const)('break a promise by a faulty rule: %s', async (rules, seeds, code) => {
    expect(await found(rules, seeds)).toContain(code);
  });

  it.each([
    ['forgets-acknowledgements', 50, 'LOST'],
    ['hides-signed', 100, 'FORK'],
    ['never-syncs', 50, 'FORK'],
  ] as const)('and what comes of it: %s', async (rules, seeds, code) => {
    expect(await found(rules, seeds, CAUSES)).toContain(code);
  });
});

describe('a liar that shows one block to a bare quorum and another to the rest', () => {
  const HONEST = [1, 3, 4];

  function besieged(winner: number, outsider: number): FaultPlan {
    const few = new Set([2, ...HONEST.filter((id) => id !== outsider)]);
    const siege: Siege = { few, winner, forMs: 1000, cutsPower: false };
    return { ...NO_FAULTS, endMs: 1500, delayMs: 20, sieges: new Map([[1, siege]]), requests: [0, 0, 0] };
  }

  async function forks(rules: Rules | undefined): Promise<number> {
    let count = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const outsider = HONEST[seed % 3] as number;
      const winner = HONEST[(seed + 1) % 3] as number;
      const { broken } = await runSchedule({
        seed,
        authorities: 4,
        signatures: 'keyed-hash',
        plan: besieged(winner, outsider),
        liars: new Map([[2, { lies: ACCOMPLICE, hasTwins: true, zeal: 1 }]]),
        ...(rules === undefined ? {} : { rules, ignored: CAUSES }),
      });
      if (broken?.code === 'FORK') count += 1;
      else expect(broken).toBeUndefined();
    }
    return count;
  }

  it('forks a chain whose blocks are signed without acknowledgements', async () => {
    expect(await forks(FAULTY_RULES.find(({ name }) => name === 'one-phase'))).toBeGreaterThan(5);
  });

  it('forks none whose blocks a quorum acknowledges first', async () => {
    expect(await forks(undefined)).toBe(0);
  });
});
