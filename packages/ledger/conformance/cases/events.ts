import assert from 'node:assert/strict';
import { checkpointers } from '@hyperledger/fabric-gateway';
import type { ChaincodeEvent } from '@hyperledger/fabric-gateway';
import type { Case } from '../case.ts';
import { freshKey, openSession } from '../session.ts';
import type { Session } from '../session.ts';
import { take } from '../take.ts';
import { CONTRACTS } from '../target.ts';

const events = '§3 ChaincodeEvents; one event, only of valid transactions';

const emit = (session: Session, name: string, payload: string, endorsers?: readonly ['NorthMSP']) =>
  session.submit(
    [
      ['event', name, payload],
      ['put', freshKey('event'), '1'],
    ],
    endorsers === undefined ? {} : { endorsers },
  );

export const eventCases: readonly Case[] = [
  {
    name: 'an event tells block, transaction, name and payload, and only of valid transactions',
    source: events,
    run: async (target) => {
      const session = await openSession(target);
      const name = freshKey('event');
      const stream = await session.network.getChaincodeEvents(CONTRACTS.basic);
      const taken = take(stream, (event: ChaincodeEvent) => event.eventName === `${name}end`);
      const first = await emit(session, name, 'eins');
      await emit(session, name, 'invalid', ['NorthMSP']);
      await emit(session, `${name}end`, '');
      const own = (await taken).filter(({ eventName }) => eventName.startsWith(name));
      assert.deepEqual(
        own.map(({ eventName, payload }) => [eventName, Buffer.from(payload).toString()]),
        [
          [name, 'eins'],
          [`${name}end`, ''],
        ],
      );
      assert.equal(own[0]?.transactionId, first.status.transactionId);
      assert.equal(own[0]?.blockNumber, first.status.blockNumber);
      assert.equal(own[0]?.chaincodeName, CONTRACTS.basic);
    },
  },
  {
    name: 'of several events of a transaction the last counts',
    source: events,
    run: async (target) => {
      const session = await openSession(target);
      const name = freshKey('event');
      const stream = await session.network.getChaincodeEvents(CONTRACTS.basic);
      const taken = take(stream, ({ eventName }) => eventName === `${name}b`);
      await session.commit([
        ['event', `${name}a`, '1'],
        ['event', `${name}b`, '2'],
        ['put', name, '1'],
      ]);
      assert.deepEqual(
        (await taken).map(({ eventName }) => eventName).filter((each) => each.startsWith(name)),
        [`${name}b`],
      );
    },
  },
  {
    name: 'an event of a called chaincode does not count',
    source: events,
    run: async (target) => {
      const session = await openSession(target);
      const name = freshKey('event');
      const stream = await session.network.getChaincodeEvents(CONTRACTS.basic);
      const taken = take(stream, ({ eventName }) => eventName === `${name}end`);
      const strict = await session.network.getChaincodeEvents(CONTRACTS.strict);
      const strictTaken = take(strict, ({ eventName }) => eventName === `${name}strict`);
      await session.commit([
        [
          'call',
          CONTRACTS.strict,
          [
            ['event', `${name}inner`, '1'],
            ['put', name, '1'],
          ],
          '',
        ],
      ]);
      await emit(session, `${name}end`, '');
      await emit(await openSession(target, { contract: CONTRACTS.strict }), `${name}strict`, '');
      const names = [...(await taken), ...(await strictTaken)].map(({ eventName }) => eventName);
      assert.deepEqual(
        names.filter((each) => each.startsWith(name)),
        [`${name}end`, `${name}strict`],
      );
    },
  },
  {
    name: 'events are replayed from a block and from a checkpoint within it',
    source: '§3 ChaincodeEvents; checkpoint, replay from block 0',
    run: async (target) => {
      const session = await openSession(target);
      const name = freshKey('event');
      const transactions = await Promise.all(
        [0, 1, 2].map((index) =>
          session.endorse([
            ['event', name, String(index)],
            ['put', `${name}${index}`, '1'],
          ]),
        ),
      );
      await Promise.all(transactions.map(async (each) => (await each.submit()).getStatus()));
      const replay = async (options: Parameters<typeof session.network.getChaincodeEvents>[1]) =>
        take(
          await session.network.getChaincodeEvents(CONTRACTS.basic, options),
          ({ eventName, payload }, all) => {
            const own = all.filter((each) => each.eventName === name);
            return eventName === name && payload.length === 1 && own.at(-1)?.transactionId === last;
          },
        );
      let last = '';
      const everything = await session.network.getChaincodeEvents(CONTRACTS.basic, { startBlock: 0n });
      let count = 0;
      const fromZero = (
        await take(everything, ({ eventName }) => eventName === name && (count += 1) === 3)
      ).filter(({ eventName }) => eventName === name);
      last = fromZero[2]?.transactionId ?? '';
      const [first] = fromZero;
      assert.ok(first !== undefined && fromZero.length === 3);

      const again = await replay({ startBlock: first.blockNumber });
      assert.deepEqual(
        again.filter(({ eventName }) => eventName === name).map(({ transactionId }) => transactionId),
        fromZero.map(({ transactionId }) => transactionId),
      );
      const checkpoint = checkpointers.inMemory();
      await checkpoint.checkpointChaincodeEvent(first);
      const rest = await replay({ checkpoint });
      assert.deepEqual(
        rest.map(({ transactionId }) => transactionId).slice(-2),
        fromZero.slice(1).map(({ transactionId }) => transactionId),
      );
      assert.ok(rest.every(({ transactionId }) => transactionId !== first.transactionId));
    },
  },
];
