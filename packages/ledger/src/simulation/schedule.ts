import type { FaultPlan } from './faults.ts';
import type { SignatureKind } from './keys.ts';
import type { LiarSettings } from './liar.ts';
import type { BrokenPromise, PromiseCode } from './promises.ts';
import type { Rules } from './rules.ts';
import { World } from './world.ts';

export interface ScheduleOptions {
  readonly seed: number;
  readonly authorities: number;
  readonly signatures: SignatureKind;
  readonly rules?: Rules;
  /** Promises whose breach is not looked for, so that its consequence is seen. */
  readonly ignored?: readonly PromiseCode[];
  readonly trace?: (line: string) => void;
  /** In place of what the seed would draw. */
  readonly plan?: FaultPlan;
  readonly liars?: ReadonlyMap<number, LiarSettings>;
}

export interface ScheduleReport {
  readonly seed: number;
  readonly authorities: number;
  readonly signatures: SignatureKind;
  readonly liars: number;
  readonly blocks: number;
  readonly events: number;
  /** How often each kind of fault happened. */
  readonly faults: ReadonlyMap<string, number>;
  /** From the end of the faults until everything was decided, in timeouts of a turn. */
  readonly recoveredAfter: number;
  readonly broken: BrokenPromise | undefined;
}

/** Runs one schedule to its end; the same options give the same run. */
export async function runSchedule(options: ScheduleOptions): Promise<ScheduleReport> {
  const world = new World(options);
  await world.begin();
  await world.disturb();
  const recoveredAfter = await world.recover();
  await world.check();
  return {
    seed: options.seed,
    authorities: options.authorities,
    signatures: options.signatures,
    liars: world.liars,
    blocks: world.blocks,
    events: world.events,
    faults: world.faults,
    recoveredAfter,
    broken: world.broken,
  };
}
