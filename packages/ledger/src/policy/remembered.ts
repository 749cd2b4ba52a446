import type { Identity } from '../msp/index.ts';
import type { Policy } from './types.ts';

/** Outcomes that a policy keeps: the same few signers come again and again. */
const MAX_OUTCOMES = 8;

interface Outcome {
  readonly signers: readonly Identity[];
  readonly isSatisfied: boolean;
}

/** A policy that asks `satisfiedBy` only about signers that it has not just been asked about. Identities never change. */
export function remembered(satisfiedBy: Policy['satisfiedBy']): Policy {
  const outcomes: Outcome[] = [];
  let oldest = 0;
  return {
    satisfiedBy(signers) {
      for (const outcome of outcomes) {
        if (areSame(outcome.signers, signers)) return outcome.isSatisfied;
      }
      const isSatisfied = satisfiedBy(signers);
      outcomes[oldest] = { signers: [...signers], isSatisfied };
      oldest = (oldest + 1) % MAX_OUTCOMES;
      return isSatisfied;
    },
  };
}

function areSame(a: readonly Identity[], b: readonly Identity[]): boolean {
  return a.length === b.length && a.every((identity, i) => identity === b[i]);
}
