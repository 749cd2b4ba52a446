import type { Profiler } from 'node:inspector';
import { describe, expect, test } from 'vitest';
import { cpuBySteps, type Steps } from './steps.ts';

const STEPS: Steps = [
  ['outer', /outer/],
  ['inner', /inner/],
];

/** Each node: its frame's file (or V8's own name) and its children; samples by node, 1 ms each. */
function profileOf(
  nodes: readonly (readonly [frame: string, children: readonly number[]])[],
  samples: readonly number[],
): Profiler.Profile {
  return {
    nodes: nodes.map(([frame, children], id) => ({
      id,
      callFrame: {
        functionName: frame.startsWith('(') ? frame : 'work',
        url: `file:///${frame}.ts`,
        scriptId: '0',
        lineNumber: 0,
        columnNumber: 0,
      },
      children: [...children],
    })),
    startTime: 0,
    endTime: samples.length * 1_000,
    samples: [...samples],
    timeDeltas: samples.map(() => 1_000),
  };
}

describe('the CPU of a thread', () => {
  const nodes = [
    ['(root)', [1, 4, 5, 6]],
    ['outer', [2]],
    ['helper', [3]],
    ['inner', []],
    ['(idle)', []],
    ['(garbage collector)', []],
    ['elsewhere', []],
  ] as const;

  test('counts for the innermost named frame, and what is called from it counts with it', () => {
    const steps = cpuBySteps(profileOf(nodes, [1, 2, 3, 3, 6]), 50, STEPS);
    expect(Object.fromEntries(steps)).toEqual({ outer: 20, inner: 20, other: 10 });
  });

  test('is shared out over what ran; waiting has no share', () => {
    const steps = cpuBySteps(profileOf(nodes, [4, 4, 4, 1, 5]), 8, STEPS);
    expect(Object.fromEntries(steps)).toEqual({ outer: 4, garbage: 4 });
  });

  test('of a thread that only waited is nothing', () => {
    expect([...cpuBySteps(profileOf(nodes, [4]), 0, STEPS)]).toEqual([]);
  });
});
