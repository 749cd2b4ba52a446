import assert from 'node:assert/strict';
import { CODE } from '../blocks.ts';
import type { Case } from '../case.ts';
import { refused } from '../expect.ts';
import { freshKey, openSession, outcomeOf } from '../session.ts';
import { CHANNELS, CONTRACTS } from '../target.ts';

const namespaces = '§3 several written namespaces, each against its own policy';

export const callCases: readonly Case[] = [
  {
    name: 'each namespace that is written needs its own policy',
    source: namespaces,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('spaces');
      const script = [
        ['put', key, '1'],
        ['call', CONTRACTS.strict, [['put', key, '2']], ''],
      ] as const;
      const two = await session.submit(script, { endorsers: ['NorthMSP', 'SouthMSP'] });
      assert.equal(two.status.code, CODE.ENDORSEMENT_POLICY_FAILURE);
      const three = await session.submit(script);
      assert.equal(three.status.code, CODE.VALID);
      const strict = await openSession(target, { contract: CONTRACTS.strict });
      assert.deepEqual(await strict.evaluate([['get', key]]), ['2']);
      assert.deepEqual(await session.evaluate([['get', key]]), ['1']);
    },
  },
  {
    name: 'a namespace that is only read needs no endorsement of its own',
    source: namespaces,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('spaces');
      const script = [
        ['put', key, '1'],
        ['call', CONTRACTS.strict, [['get', key]], ''],
      ] as const;
      const { status } = await session.submit(script, { endorsers: ['NorthMSP', 'SouthMSP'] });
      assert.equal(status.code, CODE.VALID);
    },
  },
  {
    name: 'a chaincode called on the same channel reads its own state and its reads are validated',
    source: '§3 invokeChaincode merges sets on the same channel',
    run: async (target) => {
      const session = await openSession(target);
      const strict = await openSession(target, { contract: CONTRACTS.strict });
      const key = freshKey('merge');
      await strict.commit([['put', key, '1']]);
      const late = await session.endorse([
        ['call', CONTRACTS.strict, [['get', key]], ''],
        ['put', key, '1'],
      ]);
      assert.deepEqual(JSON.parse(Buffer.from(late.getResult()).toString()), [
        { status: 200, message: '', payload: '["1"]' },
        null,
      ]);
      await strict.commit([['put', key, '2']]);
      assert.equal((await outcomeOf(late)).status.code, CODE.MVCC_READ_CONFLICT);
    },
  },
  {
    name: 'a chaincode called on another channel is read, and what it writes is left out',
    source: '§3 invokeChaincode is read-only across channels',
    run: async (target) => {
      const session = await openSession(target);
      const side = await openSession(target, { channel: CHANNELS.side });
      const key = freshKey('cross');
      await side.commit([['put', key, 'side']]);
      const script = [
        [
          'call',
          CONTRACTS.basic,
          [
            ['get', key],
            ['put', key, 'changed'],
          ],
          CHANNELS.side,
        ],
        ['put', key, '1'],
      ] as const;
      const { result, status } = await session.submit(script, { endorsers: ['NorthMSP', 'SouthMSP'] });
      assert.equal(status.code, CODE.VALID);
      assert.deepEqual(result[0], { status: 200, message: '', payload: '["side",null]' });
      assert.deepEqual(await side.evaluate([['get', key]]), ['side']);
    },
  },
  {
    name: 'what is read on another channel is not validated',
    source: '§3 invokeChaincode is read-only across channels',
    run: async (target) => {
      const session = await openSession(target);
      const side = await openSession(target, { channel: CHANNELS.side });
      const key = freshKey('cross');
      await side.commit([['put', key, '1']]);
      const late = await session.endorse(
        [
          ['call', CONTRACTS.basic, [['get', key]], CHANNELS.side],
          ['put', key, '1'],
        ],
        { endorsers: ['NorthMSP', 'SouthMSP'] },
      );
      await side.commit([['put', key, '2']]);
      assert.equal((await outcomeOf(late)).status.code, CODE.VALID);
    },
  },
  {
    name: 'an error of a called chaincode is an answer to the caller; an unknown one fails the transaction',
    source: '§3 invokeChaincode',
    run: async (target) => {
      const session = await openSession(target);
      const [answer] = await session.evaluate([['call', CONTRACTS.strict, [['fail', 'no']], '']]);
      assert.deepEqual(answer, { status: 500, message: 'no', payload: null });
      await refused(session.evaluate([['call', 'nothing', [], '']]), { code: 'UNKNOWN', text: /nothing/ });
    },
  },
  {
    name: 'a chaincode that is running in a transaction cannot be called again by it',
    source: '§3 invokeChaincode',
    run: async (target) => {
      const session = await openSession(target);
      const refusal = { code: 'UNKNOWN', text: /txid: [0-9a-f]{64}\(care\) exists/ } as const;
      await refused(session.evaluate([['call', CONTRACTS.basic, [['channel']], '']]), refusal);
      const twice = ['call', CONTRACTS.strict, [['channel']], ''] as const;
      const answer = { status: 200, message: '', payload: '["care"]' };
      assert.deepEqual(await session.evaluate([twice, twice]), [answer, answer]);
    },
  },
];
