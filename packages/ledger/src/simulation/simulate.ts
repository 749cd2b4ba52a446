import type { SignatureKind } from './keys.ts';
import type { PromiseCode } from './promises.ts';
import { FAULTY_RULES, type Rules } from './rules.ts';
import { runSchedule, type ScheduleReport } from './schedule.ts';

/** Numbers of authorities that schedules are made for; by turns where none is asked for. */
export const COUNCIL_SIZES = [4, 7, 3] as const;
export type CouncilSize = (typeof COUNCIL_SIZES)[number];
/** One seed of so many runs with real ECDSA signatures. */
const ECDSA_EVERY = 50;
/** Broken promises that a report keeps; it counts all. */
const MOST_FAILURES = 100;

export interface SimulateOptions {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly authorities?: CouncilSize;
  /** One of FAULTY_RULE_NAMES: honest authorities break this rule, and the simulation should notice. */
  readonly rules?: string;
  readonly ignored?: readonly PromiseCode[];
  /** Called after every schedule. */
  readonly onSchedule?: (report: ScheduleReport) => void;
  readonly trace?: (line: string) => void;
}

interface SimulationFailure {
  readonly seed: number;
  readonly authorities: number;
  readonly code: PromiseCode;
  readonly message: string;
}

export interface SimulationReport {
  readonly firstSeed: number;
  readonly seeds: number;
  /** Schedules by number of authorities. */
  readonly authorities: Readonly<Record<string, number>>;
  readonly lyingAuthorities: number;
  readonly withEcdsa: number;
  /** Final blocks. */
  readonly blocks: number;
  readonly events: number;
  /** Faults and lies by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** The longest time from the end of the faults until everything was decided, in timeouts of a turn. */
  readonly longestRecovery: number;
  /** Schedules that broke a promise, and the first of them. */
  readonly failed: number;
  readonly failures: readonly SimulationFailure[];
}

export const FAULTY_RULE_NAMES: readonly string[] = FAULTY_RULES.map(({ name }) => name);

/** Runs the schedules of consecutive seeds. The same seed, authorities and rules give the same schedule. */
export async function simulate(options: SimulateOptions): Promise<SimulationReport> {
  const rules = FAULTY_RULES.find(({ name }) => name === options.rules);
  const reports: ScheduleReport[] = [];
  for (let seed = options.firstSeed; seed < options.firstSeed + options.seeds; seed++) {
    const report = await runSchedule({
      ...variantOf(seed, options.authorities),
      ...optional(options, rules),
    });
    reports.push(report);
    options.onSchedule?.(report);
    await eventLoop();
  }
  return summarize(options, reports);
}

/** A schedule never waits for the event loop, but what frees memory outside the heap does. */
const eventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function optional({ ignored, trace }: SimulateOptions, rules: Rules | undefined) {
  return {
    ...(rules === undefined ? {} : { rules }),
    ...(ignored === undefined ? {} : { ignored }),
    ...(trace === undefined ? {} : { trace }),
  };
}

function variantOf(
  seed: number,
  asked: CouncilSize | undefined,
): { readonly seed: number; readonly authorities: CouncilSize; readonly signatures: SignatureKind } {
  const authorities = asked ?? COUNCIL_SIZES[seed % COUNCIL_SIZES.length] ?? COUNCIL_SIZES[0];
  return { seed, authorities, signatures: seed % ECDSA_EVERY === 0 ? 'ecdsa' : 'keyed-hash' };
}

function summarize(
  { firstSeed, seeds }: SimulateOptions,
  reports: readonly ScheduleReport[],
): SimulationReport {
  const sum = (of: (report: ScheduleReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  const failures = reports.flatMap(({ seed, authorities, broken }) =>
    broken === undefined ? [] : [{ seed, authorities, code: broken.code, message: broken.message }],
  );
  return {
    firstSeed,
    seeds,
    authorities: countBy(reports.map(({ authorities }) => [String(authorities), 1])),
    lyingAuthorities: sum(({ liars }) => liars),
    withEcdsa: sum(({ signatures }) => (signatures === 'ecdsa' ? 1 : 0)),
    blocks: sum(({ blocks }) => blocks),
    events: sum(({ events }) => events),
    faults: countBy(reports.flatMap(({ faults }) => [...faults])),
    longestRecovery: Math.max(0, ...reports.map(({ recoveredAfter }) => recoveredAfter)),
    failed: failures.length,
    failures: failures.slice(0, MOST_FAILURES),
  };
}

function countBy(pairs: readonly (readonly [string, number])[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const [key, count] of pairs) counts.set(key, (counts.get(key) ?? 0) + count);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
