import type { AccessDecision, AccessItem } from '../ports.ts';
import type { AccessFacts } from '../store/index.ts';
import { type Gate, itemOf } from './gate.ts';
import { pass, type Visit } from './visit.ts';

type Decided = readonly [AccessItem, AccessDecision];

/**
 * Writes to the access log what of the own records leaves with the answer. Durable on return; if it fails, nothing is answered.
 * Call it with everything that is released and before anything is sent.
 */
export async function stateReleased(
  visit: Visit,
  gate: Gate,
  released: readonly AccessFacts[],
): Promise<void> {
  const decided = released.flatMap((facts): Decided[] => {
    const decision = gate.decisionOf(facts);
    return decision === undefined ? [] : [[itemOf(facts), decision]];
  });
  await stateAll(visit, 'released', decided);
  pass(visit, 'state');
}

/** The same for refusals, where the caller named what was refused. */
export async function stateRefused(visit: Visit, refused: readonly Decided[]): Promise<void> {
  await stateAll(visit, 'refused', refused);
}

/** One statement for each code and emergency. */
async function stateAll(
  visit: Visit,
  outcome: 'released' | 'refused',
  decided: readonly Decided[],
): Promise<void> {
  const groups = Map.groupBy(decided, ([, { code, emergency }]) => `${code} ${emergency ?? ''}`);
  for (const group of groups.values()) {
    const { code, emergency } = (group[0] as Decided)[1];
    await visit.server.exchange.state(visit.context, {
      interaction: visit.interaction,
      outcome,
      code,
      items: group.map(([item]) => item),
      ...(emergency === undefined ? {} : { emergency }),
    });
  }
}
