import { expect, it } from 'vitest';
import { quorumOf, toleratedFaults } from './quorum.ts';

it('computes the quorums of Fabric', () => {
  const table = [1, 2, 3, 4, 5, 6, 7, 10].map((n) => [n, toleratedFaults(n), quorumOf(n)]);
  expect(table).toEqual([
    [1, 0, 1],
    [2, 0, 2],
    [3, 0, 2],
    [4, 1, 3],
    [5, 1, 4],
    [6, 1, 4],
    [7, 2, 5],
    [10, 3, 7],
  ]);
});

it('makes any two quorums share an honest authority', () => {
  for (let n = 1; n <= 100; n++) {
    expect(2 * quorumOf(n) - n).toBeGreaterThan(toleratedFaults(n));
    expect(quorumOf(n)).toBeLessThanOrEqual(n - toleratedFaults(n));
  }
});
