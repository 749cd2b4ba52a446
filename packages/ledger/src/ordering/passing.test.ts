import { describe, expect, it } from 'vitest';
import { utf8 } from '@healthchain/core';
import { Authority } from './authority.ts';
import type { Council } from './finality.ts';
import type { Event } from './machine.ts';
import type { SignedAt } from './messages.ts';
import type { SigningRecord } from './records.ts';
import { roundRobin } from './schedule.ts';

describe('an authority', () => {
  const council: Council = {
    channel: 'c',
    authorities: [1, 2, 3, 4],
    schedule: roundRobin,
    mayTakePart: () => true,
  };
  const start = (records: readonly SigningRecord[]) =>
    new Authority(
      { self: 2, timeoutMs: 100, downTimeoutMs: 5 },
      {
        sign: () => utf8('by 2'),
        signBlock: () => ({ identifierHeader: utf8('i'), signature: utf8('s') }),
        propose: () => undefined,
      },
      { height: 0, council, records },
    );
  const vote = (voter: number, turn: number, last?: SignedAt): Event => {
    const signature = utf8(`by ${voter}`);
    const message = {
      kind: 'vote',
      vote: { height: 0, turn, voter, last, signature },
      block: undefined,
    } as const;
    return { kind: 'message', from: voter, message };
  };

  it('helps voters of an earlier turn after a restart that has lost the certificate of its own', () => {
    const machine = start([{ kind: 'voted', height: 0, turn: 2 }]);
    machine.resume();
    const { effects } = machine.handle(vote(3, 1));
    expect(effects).toMatchObject([
      { kind: 'send', to: 3, message: { kind: 'vote', vote: { turn: 1, voter: 2 } } },
    ]);
  });

  it('answers a vote by its own once until its timer runs out', () => {
    const machine = start([{ kind: 'voted', height: 0, turn: 2 }]);
    machine.resume();
    machine.handle(vote(3, 1));
    expect(machine.handle(vote(3, 1)).effects).toEqual([]);
    expect(machine.handle(vote(4, 1)).effects).toHaveLength(1);
    machine.handle({ kind: 'timer', height: 0, turn: 2 });
    expect(machine.handle(vote(3, 1)).effects).toHaveLength(1);
  });

  it('waits for the proposer once requests wait, also where somebody has voted before', () => {
    const machine = start([]);
    expect(machine.handle(vote(3, 0)).effects).toEqual([]);
    const { effects } = machine.handle({ kind: 'pending', requests: 1 });
    expect(effects).toMatchObject([{ kind: 'timer', height: 0, turn: 0 }]);
  });

  it('counts no vote that would spoil a certificate', () => {
    const machine = start([]);
    const madeUp = { turn: 0, headerHash: utf8('h'), valueHash: utf8('v'), acknowledgements: [] };
    for (const voter of [1, 3, 4]) machine.handle(vote(voter, 0, madeUp));
    expect(machine.turn).toBe(0);
    for (const voter of [1, 3, 4]) machine.handle(vote(voter, 0));
    expect(machine.turn).toBe(1);
  });
});
