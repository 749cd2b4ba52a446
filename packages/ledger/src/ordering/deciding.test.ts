import { describe, expect, it } from 'vitest';
import { utf8 } from '@healthchain/core';
import { blockDataHash } from '../validation/index.ts';
import { Authority } from './authority.ts';
import { isVote, type Council } from './finality.ts';
import { proposalKey } from './messages.ts';
import { roundRobin } from './schedule.ts';
import { makeProposal } from './turn-metadata.ts';

describe('authorities', () => {
  const councilOf = (authorities: readonly number[], revoked?: number): Council => ({
    channel: 'c',
    authorities,
    schedule: roundRobin,
    mayTakePart: (authority) => authority !== revoked,
  });

  const second = (council: Council) =>
    new Authority(
      { self: 2, timeoutMs: 100, downTimeoutMs: 5 },
      {
        sign: () => utf8('by 2'),
        signBlock: () => ({ identifierHeader: utf8('i'), signature: utf8('s') }),
        propose: () => undefined,
      },
      { height: 0, council, records: [] },
    );

  const proposalOf = (text: string) => {
    const data = [utf8(text)];
    const header = { number: 0n, previousHash: new Uint8Array(32), dataHash: blockDataHash(data) };
    return makeProposal(header, data, { lastConfig: 0, turn: 0, height: 0, certificate: undefined });
  };

  const deliver = (machine: Authority, text: string) =>
    machine.handle({
      kind: 'message',
      from: 1,
      message: { kind: 'proposal', proposal: proposalOf(text), acknowledgement: utf8('by 1') },
    });

  it('keep two proposals of one authority at one turn as evidence, and acknowledge only the first', () => {
    const machine = second(councilOf([1, 2, 3, 4]));
    expect(deliver(machine, 'one').effects.map(({ kind }) => kind)).toContain('check');
    const { effects } = deliver(machine, 'two');
    expect(effects.map(({ kind }) => kind)).toEqual(['evidence']);
    expect(effects[0]).toMatchObject({ authority: 1 });
  });

  it.each([
    [[1, 2, 3], ['acknowledged', 'signed'], ['signature']],
    [[1, 2, 3, 4], ['acknowledged'], ['acknowledgement']],
  ])('of %j, once they have checked a block, keep %j and send %j', (authorities, kept, sent) => {
    const machine = second(councilOf(authorities));
    deliver(machine, 'one');
    const key = proposalKey(proposalOf('one'));
    const { records, effects } = machine.handle({ kind: 'checked', key, isValid: true });
    expect(records.map(({ kind }) => kind)).toEqual(kept);
    const messages = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message.kind] : []));
    expect(messages).toEqual(sent);
  });

  it('tell who proposes a block of a height that is decided of their own, and not who signs late', () => {
    const council = councilOf([1, 2, 3]);
    const machine = second(council);
    machine.handle({ kind: 'committed', height: 1, council, requests: 0 });
    const proposal = proposalOf('one');
    expect(deliver(machine, 'one').effects).toEqual([
      { kind: 'send', to: 1, message: { kind: 'height', height: 1 } },
    ]);
    const signature = {
      kind: 'signature',
      id: proposal,
      header: proposal.block.header,
      value: proposal.value,
      identifierHeader: utf8('i'),
      signature: utf8('s'),
    } as const;
    expect(machine.isPast(signature)).toBe(true);
    expect(machine.handle({ kind: 'message', from: 1, message: signature }).effects).toEqual([]);
  });

  it('say nothing at a height whose final block goes to the log', () => {
    const machine = second(councilOf([1, 2, 3]));
    machine.handle({ kind: 'pending', requests: 1 });
    expect(machine.handle({ kind: 'final', height: 0 })).toEqual({ records: [], effects: [] });
    expect(deliver(machine, 'one')).toEqual({ records: [], effects: [] });
    expect(machine.handle({ kind: 'timer', height: 0, turn: 0 })).toEqual({ records: [], effects: [] });
  });

  it('say nothing whose certificate is revoked', () => {
    const machine = second(councilOf([1, 2, 3], 2));
    expect(deliver(machine, 'one')).toEqual({ records: [], effects: [] });
    expect(machine.handle({ kind: 'pending', requests: 1 })).toEqual({ records: [], effects: [] });
  });

  it('wait no longer for a proposer whose certificate is revoked than for one that is down', () => {
    const machine = second(councilOf([1, 2, 3], 1));
    const { effects } = machine.handle({ kind: 'pending', requests: 1 });
    expect(effects).toMatchObject([{ kind: 'timer', turn: 0, afterMs: 5 }]);
  });

  it.each([
    [[1, 2, 3], [1], true],
    [[1, 2, 3], [2, 3], false],
    [[1, 2, 3, 4], [1, 2], false],
    [[1, 2, 3, 4], [2, 3, 4], true],
    [[1, 2, 3, 4], [2, 3, 9], false],
  ])('of %j may carry a block that %j have acknowledged: %s', (authorities, acknowledged, isAllowed) => {
    const { headerHash, valueHash } = proposalOf('one');
    const acknowledgements = acknowledged.map((authority) => ({ authority, signature: utf8('a') }));
    const last = { turn: 0, headerHash, valueHash, acknowledgements };
    const vote = { height: 0, turn: 0, voter: 2, last, signature: utf8('v') };
    expect(isVote(councilOf(authorities), vote)).toBe(isAllowed);
  });
});
