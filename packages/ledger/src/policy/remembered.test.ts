import { expect, test, vi } from 'vitest';
import type { Identity } from '../msp/index.ts';
import { remembered } from './remembered.ts';

const identities = Array.from({ length: 20 }, (_, i) => ({ id: String(i) }) as Identity);

test('asks once about the same signers in the same order, and about others again', () => {
  const [a, b] = identities as [Identity, Identity];
  const satisfiedBy = vi.fn((signers: readonly Identity[]) => signers[0] === a);
  const policy = remembered(satisfiedBy);
  for (let i = 0; i < 3; i++) {
    expect(policy.satisfiedBy([a, b])).toBe(true);
    expect(policy.satisfiedBy([b, a])).toBe(false);
    expect(policy.satisfiedBy([a])).toBe(true);
    expect(policy.satisfiedBy([])).toBe(false);
  }
  expect(satisfiedBy).toHaveBeenCalledTimes(4);
});

test('keeps the newest outcomes, and its own list of signers', () => {
  const satisfiedBy = vi.fn((signers: readonly Identity[]) => signers.length === 1);
  const policy = remembered(satisfiedBy);
  const signers = [identities[0] as Identity];
  expect(policy.satisfiedBy(signers)).toBe(true);
  signers.push(identities[1] as Identity);
  expect(policy.satisfiedBy(signers)).toBe(false);
  for (const identity of identities) policy.satisfiedBy([identity]);
  satisfiedBy.mockClear();
  policy.satisfiedBy([identities.at(-1) as Identity]);
  expect(satisfiedBy).not.toHaveBeenCalled();
  expect(policy.satisfiedBy([identities[0] as Identity])).toBe(true);
  expect(satisfiedBy).toHaveBeenCalledOnce();
});
