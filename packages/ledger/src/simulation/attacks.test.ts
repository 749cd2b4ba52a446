import { describe, expect, it } from 'vitest';
import { toleratedFaults } from '../ordering/quorum.ts';
import { NO_FAULTS, type FaultPlan, type Siege } from './faults.ts';
import { LIES } from './lies.ts';
import { Random } from './random.ts';
import { runSchedule, type ScheduleReport } from './schedule.ts';

const SEEDS = Array.from({ length: 8 }, (_, i) => i + 1);
const PLAN: FaultPlan = { ...NO_FAULTS, endMs: 900, delayMs: 15, diskMs: 2, requests: [0, 0, 0, 300, 600] };

interface Attack {
  readonly plan?: Partial<FaultPlan>;
  /** Names of LIES, told at every occasion by as many authorities as may lie. */
  readonly lies?: readonly string[];
  readonly hasTwins?: boolean;
}

/** Runs an attack on each seed; the liars are drawn anew for each. */
async function attacked(
  authorities: number,
  { plan = {}, lies, hasTwins = false }: Attack,
): Promise<ScheduleReport[]> {
  const told = (lies ?? []).map((name) => LIES.find((lie) => lie.name === name));
  const found = told.filter((lie) => lie !== undefined);
  expect(found).toHaveLength(told.length);
  const ids = Array.from({ length: authorities }, (_, i) => i + 1);
  const count = lies === undefined ? 0 : toleratedFaults(authorities);
  const reports: ScheduleReport[] = [];
  for (const seed of SEEDS) {
    const liars = new Map(
      new Random(seed).sample(ids, count).map((id) => [id, { lies: found, hasTwins, zeal: 1 }]),
    );
    reports.push(
      await runSchedule({ seed, authorities, signatures: 'keyed-hash', plan: { ...PLAN, ...plan }, liars }),
    );
  }
  return reports;
}

function happened(reports: readonly ScheduleReport[], fault: string): number {
  return reports.reduce((sum, { faults }) => sum + (faults.get(fault) ?? 0), 0);
}

function mustHold(reports: readonly ScheduleReport[]): void {
  for (const { seed, broken, blocks } of reports) {
    expect(broken, `seed ${seed}`).toBeUndefined();
    expect(blocks, `seed ${seed}`).toBeGreaterThan(1);
  }
}

/** One authority alone gets the block of turn 0, and is gone. */
function onlyFor(few: readonly number[], winner: number): Siege {
  return { few: new Set(few), winner, forMs: 700, cutsPower: false };
}

const LYING: readonly (readonly [string, Attack, string])[] = [
  ['send different blocks to different authorities', { lies: [], hasTwins: true }, 'lie: twins'],
  [
    'sign two headers, which is kept as evidence',
    {
      lies: ['signs whatever it hears of'],
      hasTwins: true,
      plan: { requests: [0, 0, 0, 200, 400, 600, 800] },
    },
    'evidence',
  ],
  [
    'hide in their votes the block that they signed',
    { lies: ['hides the block it signed'], plan: { ambush: 1 } },
    'lie: hides the block it signed',
  ],
  ['forge certificates', { lies: ['forges certificates'] }, 'lie: forges certificates'],
  [
    'replay what they have heard',
    { lies: ['says again what it has heard'] },
    'lie: says again what it has heard',
  ],
  [
    'lie about their height and the blocks they have',
    { lies: ['lies about its height'] },
    'lie: lies about its height',
  ],
  [
    'claim in their votes a block that nobody acknowledged',
    { lies: ['claims to have signed what nobody acknowledged'], plan: { ambush: 1 } },
    'lie: claims to have signed what nobody acknowledged',
  ],
  [
    'sign in the name of others',
    { lies: ['signs in the name of another'] },
    'lie: signs in the name of another',
  ],
  [
    'propose metadata that they do not sign',
    { lies: ['proposes other metadata than it signs'], plan: { crashes: [{ at: 100, authority: 'all' }] } },
    'lie: proposes other metadata than it signs',
  ],
];

describe.each([4, 7])('%d authorities', (authorities) => {
  it.each(LYING)('withstand as many of them as may lie that %s', async (_, attack, fault) => {
    const reports = await attacked(authorities, attack);
    mustHold(reports);
    expect(happened(reports, fault)).toBeGreaterThan(0);
  });
});

describe.each([3, 4, 7])('%d authorities that crash only', (authorities) => {
  const ids = Array.from({ length: authorities }, (_, i) => i + 1);
  const quorum = ids.slice(0, Math.ceil((authorities + toleratedFaults(authorities) + 1) / 2));

  it('go on with the block of a creator that stops after one peer has it', async () => {
    const winner = 1;
    const sieges = new Map([1, 2, 3].map((height) => [height, onlyFor(quorum, winner)]));
    const reports = await attacked(authorities, { plan: { sieges } });
    mustHold(reports);
    expect(happened(reports, 'cut off with a block')).toBeGreaterThan(3);
  });

  it('take back a slow authority', async () => {
    const slownesses = [{ at: 0, forMs: 800, authority: 2, factor: 60 }];
    mustHold(await attacked(authorities, { plan: { slownesses } }));
  });

  it('are not moved by old messages that come again', async () => {
    const reports = await attacked(authorities, { plan: { duplication: 1, straggling: 0.3 } });
    mustHold(reports);
    expect(happened(reports, 'duplicate message')).toBeGreaterThan(100);
  });

  it('keep every block when all lose power at once, again and again', async () => {
    const crashes = [60, 130, 320, 640].map((at) => ({ at, authority: 'all' as const }));
    const reports = await attacked(authorities, { plan: { crashes, powerShare: 1, restartMs: 20 } });
    mustHold(reports);
    expect(happened(reports, 'torn or lost write')).toBeGreaterThan(10);
  });

  it('decide nothing without a quorum, and go on with one', async () => {
    const gone = ids.slice(quorum.length - 1);
    const crashes = gone.map((authority) => ({ at: 200, authority }));
    const lines: string[] = [];
    const plan = { ...PLAN, crashes, restartMs: Infinity, requests: [0, 250, 500] };
    const trace = (line: string): void => void lines.push(line);
    const options = {
      seed: 1,
      authorities,
      signatures: 'keyed-hash',
      plan,
      liars: new Map(),
      trace,
    } as const;
    mustHold([await runSchedule(options)]);
    const stopped = lines.findLastIndex((line) => line.includes('stops'));
    const healed = lines.findIndex((line) => line.includes('the faults end'));
    const decided = lines.map((line) => line.includes('has block'));
    expect(decided.slice(0, stopped)).toContain(true);
    expect(decided.slice(stopped, healed)).not.toContain(true);
    expect(lines.slice(stopped, healed).some((line) => line.includes('vote'))).toBe(true);
    expect(decided.slice(healed)).toContain(true);
  });
});
