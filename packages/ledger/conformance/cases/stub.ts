import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { envelopesOf, readBlock } from '../blocks.ts';
import { freshKey, openSession } from '../session.ts';
import { refusal } from './refusal.ts';

const names = '§3 key and name validation';

export const stubCases: readonly Case[] = [
  {
    name: 'the stub tells channel, transaction id, creator, arguments and transient data',
    source: '§3 creator, timestamp, args, transient',
    run: async (target) => {
      const session = await openSession(target, { as: 'SouthMSP' });
      const before = Date.now();
      const [channel, creator, args, secret, absent, timestamp, binding] = await session.evaluate(
        [
          ['channel'],
          ['creator'],
          ['args'],
          ['transient', 'secret'],
          ['transient', 'absent'],
          ['timestamp'],
          ['binding'],
        ],
        { args: ['one', 'zwölf', ''], transient: { secret: 'geheim' } },
      );
      assert.deepEqual([channel, args, secret, absent], ['care', ['one', 'zwölf', ''], 'geheim', null]);
      assert.deepEqual(creator, { mspId: 'SouthMSP', certificate: session.signing.certificate });
      assert.ok(Math.abs(Date.parse(String(timestamp)) - before) < 5_000);
      assert.match(String(binding), /^[0-9a-f]{64}$/);
    },
  },
  {
    name: 'transient data does not reach the ledger',
    source: '§3 transient',
    run: async (target) => {
      const session = await openSession(target);
      const secret = freshKey('only-in-transit');
      const { result, status } = await session.commit(
        [
          ['transient', 'secret'],
          ['put', freshKey('transient'), '1'],
        ],
        {
          transient: { secret },
        },
      );
      assert.equal(result[0], secret);
      const block = await readBlock(session, status.blockNumber);
      const held = envelopesOf(block).filter((each) => Buffer.from(each).includes('only-in-transit'));
      // The answer of the contract is on the ledger; the proposal's transient field is not.
      for (const envelope of held)
        assert.equal(Buffer.from(envelope).toString('latin1').split(secret).length - 1, 1);
    },
  },
  {
    name: 'values are bytes and large ones come back whole',
    source: '§3 get, put, delete',
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('value');
      await session.commit([
        ['putSized', key, 500_000],
        ['put', `${key}2`, 'ein Wörtchen \u{1F600}'],
      ]);
      const [large, text] = await session.evaluate([
        ['get', key],
        ['get', `${key}2`],
      ]);
      assert.equal(String(large).length, 500_000);
      assert.equal(text, 'ein Wörtchen \u{1F600}');
    },
  },
  {
    name: 'writing an empty value deletes the key',
    source: '§3 get, put, delete',
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('empty');
      await session.commit([['put', key, '1']]);
      await session.commit([['put', key, '']]);
      const [value, history] = await session.evaluate([
        ['get', key],
        ['history', key],
      ]);
      assert.equal(value, null);
      assert.deepEqual(
        (history as { isDelete: boolean }[]).map(({ isDelete }) => isDelete),
        [true, false],
      );
    },
  },
  {
    name: 'a deleted key is absent, and an absent key may be deleted',
    source: '§3 get, put, delete',
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('delete');
      await session.commit([['put', key, '1']]);
      await session.commit([
        ['delete', key],
        ['delete', `${key}absent`],
      ]);
      assert.deepEqual(
        await session.evaluate([
          ['get', key],
          ['range', key, `${key}~`],
        ]),
        [null, []],
      );
    },
  },
  {
    name: 'the last of several writes of a key counts',
    source: '§3 get, put, delete',
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('last');
      await session.commit([
        ['put', key, '1'],
        ['put', key, '2'],
        ['put', `${key}b`, '1'],
        ['delete', `${key}b`],
      ]);
      assert.deepEqual(
        await session.evaluate([
          ['get', key],
          ['get', `${key}b`],
        ]),
        ['2', null],
      );
    },
  },
  refusal(
    'an event without a name',
    names,
    () => [['event', '', 'x']],
    /Event name must be a non-empty string/,
  ),
];
