import assert from 'node:assert/strict';
import { CODE, codesOf, readBlock, readBlocks } from '../blocks.ts';
import type { Case } from '../case.ts';
import { refused } from '../expect.ts';
import { TRIES } from '../one-block.ts';
import { alterProposal } from '../raw.ts';
import { freshKey, openSession, outcomeOf, submitAgain } from '../session.ts';

export const duplicateCases: readonly Case[] = [
  {
    name: 'the same signed transaction submitted again does not apply twice',
    source: '§1 DUPLICATE_TXID is never an outcome; §3 the transaction-id index',
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('twice');
      const transaction = await session.endorse([['put', key, '1']]);
      const first = await outcomeOf(transaction);
      const between = await session.commit([['put', key, '2']]);
      const again = await submitAgain(session, transaction);
      assert.deepEqual([again.code, again.blockNumber], [CODE.VALID, first.status.blockNumber]);
      const after = await session.commit([['put', `${key}after`, '3']]);
      assert.deepEqual(await session.evaluate([['get', key]]), ['2']);
      const blocks = await readBlocks(session, between.status.blockNumber + 1n, after.status.blockNumber);
      const codes = blocks.flatMap((block) => codesOf(block, transaction.getTransactionId()));
      assert.ok(
        codes.every((code) => code === CODE.DUPLICATE_TXID),
        String(codes),
      );
    },
  },
  {
    name: 'an invalid transaction burns its id',
    source: '§3 the transaction-id index counts invalid transactions too',
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('burnt');
      const late = await session.endorse([
        ['get', key],
        ['put', key, '1'],
      ]);
      await session.commit([['put', key, '2']]);
      const first = await outcomeOf(late);
      assert.equal(first.status.code, CODE.MVCC_READ_CONFLICT);
      const again = await submitAgain(session, late);
      assert.deepEqual([again.code, again.blockNumber], [first.status.code, first.status.blockNumber]);
    },
  },
  {
    name: 'one block that holds a transaction id twice applies the first',
    source: '§3 the transaction-id index',
    run: async (target) => {
      const session = await openSession(target);
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        const transaction = await session.endorse([['put', freshKey('double'), '1']]);
        const [one] = await Promise.all([outcomeOf(transaction), outcomeOf(transaction)]);
        const codes = codesOf(
          await readBlock(session, one.status.blockNumber),
          transaction.getTransactionId(),
        );
        if (codes.length === 1) continue;
        assert.deepEqual(codes, [CODE.VALID, CODE.DUPLICATE_TXID]);
        return;
      }
      assert.fail('both never came into one block');
    },
  },
  {
    name: 'a proposal with the id of a committed transaction is refused',
    source: '§3 the transaction-id index',
    run: async (target) => {
      const session = await openSession(target);
      const proposal = session.proposal([['put', freshKey('reused'), '1']]);
      await outcomeOf(await proposal.endorse());
      await refused(alterProposal(session, proposal, () => undefined).endorse(), {
        code: 'ABORTED',
        text: /duplicate transaction found/,
        by: ['NorthMSP'],
      });
    },
  },
];
