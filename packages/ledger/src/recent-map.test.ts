import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentMap } from './recent-map.ts';

const LIMIT = 6;
const step = fc.record({
  kind: fc.constantFrom('set', 'get', 'delete'),
  key: fc.integer({ min: 0, max: 9 }),
});

test('a recent map answers as a map does or not at all, and knows what was set or found last', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const recent = new RecentMap<number, number>(LIMIT);
      const whole = new Map<number, number>();
      const touch = (key: number, value: number) => {
        whole.delete(key);
        whole.set(key, value);
      };
      for (const [i, { kind, key }] of steps.entries()) {
        if (kind === 'set') {
          recent.set(key, i);
          touch(key, i);
        } else if (kind === 'delete') {
          recent.delete(key);
          whole.delete(key);
        } else {
          const found = recent.get(key);
          expect([undefined, whole.get(key)]).toContain(found);
          if (found !== undefined) touch(key, found);
        }
      }
      for (const [key, value] of [...whole].slice(-LIMIT / 2)) expect(recent.get(key)).toBe(value);
    }),
  );
});

test('a recent map forgets what is beyond its limit', () => {
  const recent = new RecentMap<number, string>(LIMIT);
  for (let key = 0; key < 100; key++) recent.set(key, 'value');
  const known = Array.from({ length: 100 }, (_, key) => recent.get(99 - key)).filter((value) => value);
  expect(known.length).toBeGreaterThanOrEqual(LIMIT / 2);
  expect(known.length).toBeLessThanOrEqual(LIMIT);
});
