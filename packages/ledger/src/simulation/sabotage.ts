import type { Environment } from './environment.ts';

/** Several turns of the others. */
const MOST_CUT_OFF_MS = 1000;

/** Whether an authority is to crash at this point of its work. */
export function isCrash(environment: Environment, point: string, probability: number): boolean {
  if (!environment.isFaulty() || !environment.random.chance(probability)) return false;
  environment.journal.fault(`crash ${point}`);
  return true;
}

/** Cuts an authority off that has just decided a block: its signature and its height may not have arrived anywhere. */
export function maybeCutOff(environment: Environment, authority: number, height: number): void {
  const { plan, random, network, journal } = environment;
  if (!environment.isFaulty()) return;
  const siege = plan.sieges.get(height);
  const isBesieged = siege?.winner === authority;
  if (!isBesieged && !random.chance(plan.ambush)) return;
  const forMs = isBesieged ? siege.forMs : random.between(0, MOST_CUT_OFF_MS);
  journal.fault('cut off with a block', () => `${authority} is cut off for ${forMs.toFixed(0)} ms`);
  network.cutOff(authority, forMs);
  if (!isBesieged || !siege.cutsPower) return;
  for (const id of siege.few) if (id !== authority) environment.cutPower(id);
}
