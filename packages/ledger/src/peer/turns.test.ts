import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

const never = () => false;

test('one works at a time, in the order of coming, and gives up its turn once', async () => {
  const turns = new Turns();
  const log: string[] = [];
  const work = async (name: string) => {
    const end = await turns.take(never);
    log.push(`${name} begins`);
    await Promise.resolve();
    log.push(`${name} ends`);
    end();
    end();
  };
  await Promise.all([work('a'), work('b'), work('c')]);
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('who is urgent goes before those who came in the same turn, and before those who wait', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const work = async (name: string, isUrgent: boolean) => {
    const end = await turns.take(() => isUrgent);
    order.push(name);
    end();
  };
  await Promise.all([work('a', false), work('b', false), work('c', true)]);
  expect(order).toEqual(['c', 'a', 'b']);
});
