import assert from 'node:assert/strict';
import { CODE } from '../blocks.ts';
import type { Case } from '../case.ts';
import { inOneBlockInOrder } from '../one-block.ts';
import { allPeersOf } from '../policies.ts';
import { alterTransaction, spoil } from '../raw.ts';
import type { ActionParts } from '../raw.ts';
import { freshKey, openSession, outcomeOf } from '../session.ts';
import { CONTRACTS } from '../target.ts';

const policies = '§3 signature policies, ImplicitMeta';
const keyLevel = '§3 key-level endorsement policy';

/** A transaction altered after two organisations endorsed it, and the code every peer must give it. */
const altered = (what: string, code: number, change: (parts: ActionParts) => void): Case => ({
  name: `a transaction with ${what} is invalid`,
  source: policies,
  run: async (target) => {
    const session = await openSession(target);
    const key = freshKey('altered');
    const transaction = await session.endorse([['put', key, '1']]);
    const { status } = await outcomeOf(alterTransaction(session, transaction, change));
    assert.equal(status.code, code);
    assert.deepEqual(await session.evaluate([['get', key]]), [null]);
  },
});

export const endorsementCases: readonly Case[] = [
  {
    name: 'a transaction endorsed by too few organisations is invalid and changes nothing',
    source: policies,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('few');
      const { status } = await session.submit([['put', key, '1']], { endorsers: ['NorthMSP'] });
      assert.equal(status.code, CODE.ENDORSEMENT_POLICY_FAILURE);
      assert.deepEqual(await session.evaluate([['get', key]]), [null]);
    },
  },
  {
    name: 'any two of the three organisations are enough',
    source: policies,
    run: async (target) => {
      const session = await openSession(target);
      const { status } = await session.submit([['put', freshKey('two'), '1']], {
        endorsers: ['SouthMSP', 'AuthorityMSP'],
      });
      assert.equal(status.code, CODE.VALID);
    },
  },
  altered('a spoilt endorsement signature', CODE.ENDORSEMENT_POLICY_FAILURE, ({ endorsed }) => {
    const [first] = endorsed.getEndorsementsList();
    first?.setSignature(spoil(first.getSignature_asU8()));
  }),
  altered('one endorsement removed', CODE.ENDORSEMENT_POLICY_FAILURE, ({ endorsed }) => {
    endorsed.setEndorsementsList(endorsed.getEndorsementsList().slice(0, 1));
  }),
  altered('one endorsement given twice instead of two', CODE.ENDORSEMENT_POLICY_FAILURE, ({ endorsed }) => {
    const [first] = endorsed.getEndorsementsList();
    if (first !== undefined) endorsed.setEndorsementsList([first, first.clone()]);
  }),
  altered('no endorsement', CODE.ENDORSEMENT_POLICY_FAILURE, ({ endorsed }) =>
    endorsed.clearEndorsementsList(),
  ),
  altered('another result than was endorsed', CODE.ENDORSEMENT_POLICY_FAILURE, ({ action }) => {
    const results = Buffer.from(action.getResults_asU8());
    results[results.length - 1] = (results.at(-1) ?? 0) ^ 1;
    action.setResults(results);
  }),
  altered('results that are no read-write set', CODE.BAD_RWSET, ({ action }) =>
    action.setResults(new Uint8Array([7])),
  ),
  altered('another proposal hash', CODE.INVALID_ENDORSER_TRANSACTION, ({ response }) => {
    response.setProposalHash(spoil(response.getProposalHash_asU8()));
  }),
  altered('another contract named in its action', CODE.INVALID_CHAINCODE, ({ action }) => {
    action.getChaincodeId()?.setName(CONTRACTS.strict);
  }),
  {
    name: 'a further endorsement than needed does no harm',
    source: policies,
    run: async (target) => {
      const session = await openSession(target);
      const { status } = await session.submit([['put', freshKey('three'), '1']], {
        endorsers: ['NorthMSP', 'SouthMSP', 'AuthorityMSP'],
      });
      assert.equal(status.code, CODE.VALID);
    },
  },
  {
    name: 'a key’s own policy replaces the contract’s for writes of that key',
    source: keyLevel,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('policy');
      const policy = allPeersOf('AuthorityMSP');
      await session.commit([
        ['put', key, '1'],
        ['setPolicy', key, policy],
      ]);
      assert.deepEqual(
        await session.evaluate([
          ['getPolicy', key],
          ['get', key],
        ]),
        [policy, '1'],
      );
      const put = [['put', key, '2']] as const;
      const without = await session.submit(put, { endorsers: ['NorthMSP', 'SouthMSP'] });
      assert.equal(without.status.code, CODE.ENDORSEMENT_POLICY_FAILURE);
      const alone = await session.submit(put, { endorsers: ['AuthorityMSP'] });
      assert.equal(alone.status.code, CODE.VALID);
    },
  },
  {
    name: 'a transaction that also writes keys without an own policy needs the contract’s too',
    source: keyLevel,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('policy');
      await session.commit([
        ['put', key, '1'],
        ['setPolicy', key, allPeersOf('AuthorityMSP')],
      ]);
      const both = [
        ['put', key, '2'],
        ['put', `${key}other`, '2'],
      ] as const;
      const alone = await session.submit(both, { endorsers: ['AuthorityMSP'] });
      assert.equal(alone.status.code, CODE.ENDORSEMENT_POLICY_FAILURE);
      const two = await session.submit(both, { endorsers: ['AuthorityMSP', 'SouthMSP'] });
      assert.equal(two.status.code, CODE.VALID);
    },
  },
  {
    name: 'the gateway finds the endorsers that a key’s policy asks for',
    source: keyLevel,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('policy');
      await session.commit([
        ['put', key, '1'],
        ['setPolicy', key, allPeersOf('NorthMSP', 'SouthMSP', 'AuthorityMSP')],
      ]);
      assert.equal((await session.submit([['put', key, '2']])).status.code, CODE.VALID);
    },
  },
  {
    name: 'changing or deleting a key’s policy needs that policy',
    source: keyLevel,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('policy');
      await session.commit([
        ['put', key, '1'],
        ['setPolicy', key, allPeersOf('AuthorityMSP')],
      ]);
      for (const step of [
        ['setPolicy', key, allPeersOf('NorthMSP')],
        ['delete', key],
      ] as const) {
        const { status } = await session.submit([step], { endorsers: ['NorthMSP', 'SouthMSP'] });
        assert.equal(status.code, CODE.ENDORSEMENT_POLICY_FAILURE);
      }
      const deleted = await session.submit([['delete', key]], { endorsers: ['AuthorityMSP'] });
      assert.equal(deleted.status.code, CODE.VALID);
      assert.deepEqual(await session.evaluate([['getPolicy', key]]), [null]);
    },
  },
  {
    name: 'a write keeps the key’s policy; a policy on an absent key is no policy',
    source: keyLevel,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('policy');
      const policy = allPeersOf('NorthMSP');
      await session.commit([
        ['put', key, '1'],
        ['setPolicy', key, policy],
      ]);
      await session.commit([['put', key, '2']]);
      assert.deepEqual(await session.evaluate([['getPolicy', key]]), [policy]);
      await session.commit([['setPolicy', `${key}absent`, policy]]);
      assert.deepEqual(
        await session.evaluate([
          ['getPolicy', `${key}absent`],
          ['get', `${key}absent`],
        ]),
        [null, null],
      );
    },
  },
  {
    name: 'a key whose policy an earlier transaction of the block changed is not written',
    source: '§3 a key whose policy an earlier valid transaction of the same block changed',
    run: async (target) => {
      const session = await openSession(target);
      const outcomes = await inOneBlockInOrder(session, async () => {
        const key = freshKey('changed');
        await session.commit([['put', key, '1']]);
        return [
          await session.endorse([['setPolicy', key, allPeersOf('NorthMSP')]]),
          await session.endorse([['put', key, '2']]),
        ];
      });
      assert.deepEqual(
        outcomes.map(({ status }) => status.code),
        [CODE.VALID, CODE.ENDORSEMENT_POLICY_FAILURE],
      );
    },
  },
  {
    name: 'a key whose policy an earlier, invalid transaction of the block would have changed is written',
    source: '§3 a key whose policy an earlier valid transaction of the same block changed',
    run: async (target) => {
      const session = await openSession(target);
      const outcomes = await inOneBlockInOrder(session, async () => {
        const key = freshKey('unchanged');
        await session.commit([['put', key, '1']]);
        return [
          await session.endorse([['setPolicy', key, allPeersOf('NorthMSP')]], { endorsers: ['SouthMSP'] }),
          await session.endorse([['put', key, '2']]),
        ];
      });
      assert.deepEqual(
        outcomes.map(({ status }) => status.code),
        [CODE.ENDORSEMENT_POLICY_FAILURE, CODE.VALID],
      );
    },
  },
];
