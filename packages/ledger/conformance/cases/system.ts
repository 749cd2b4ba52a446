import assert from 'node:assert/strict';
import { common, peer } from '@hyperledger/fabric-protos';
import { CODE, numberOf, readBlock } from '../blocks.ts';
import type { Case } from '../case.ts';
import { byOrderers, refused } from '../expect.ts';
import { freshKey, openSession } from '../session.ts';
import type { Session } from '../session.ts';
import { ABSOLUTE_MAX_BYTES, CONTRACTS } from '../target.ts';

const queries = '§3 qscc and _lifecycle queries answered';
/** Fabric's `ledger.state.totalQueryLimit` as it is shipped. */
const QUERY_LIMIT = 100_000;
const limits = '§3 AbsoluteMaxBytes; query limit, execution timeout';

const ask = (session: Session, contract: string, name: string, ...args: (string | Uint8Array)[]) =>
  session.network.getContract(contract).evaluate(name, { arguments: args });

export const systemCases: readonly Case[] = [
  {
    name: 'qscc tells the height and the hashes of the chain',
    source: queries,
    run: async (target) => {
      const session = await openSession(target);
      const { status } = await session.commit([['put', freshKey('qscc'), '1']]);
      const info = common.BlockchainInfo.deserializeBinary(
        await ask(session, 'qscc', 'GetChainInfo', 'care'),
      );
      assert.equal(BigInt(info.getHeight()), status.blockNumber + 1n);
      const block = await readBlock(session, status.blockNumber);
      assert.deepEqual(
        Buffer.from(info.getPreviousblockhash_asU8()),
        Buffer.from(block.getHeader()?.getPreviousHash_asU8() ?? []),
      );
      assert.equal(info.getCurrentblockhash_asU8().length, 32);
    },
  },
  {
    name: 'qscc gives a block by number, by hash and by transaction, and a transaction with its code',
    source: queries,
    run: async (target) => {
      const session = await openSession(target);
      const { status } = await session.submit([['put', freshKey('qscc'), '1']], { endorsers: ['NorthMSP'] });
      const info = common.BlockchainInfo.deserializeBinary(
        await ask(session, 'qscc', 'GetChainInfo', 'care'),
      );
      const answers = await Promise.all([
        ask(session, 'qscc', 'GetBlockByNumber', 'care', String(status.blockNumber)),
        ask(session, 'qscc', 'GetBlockByHash', 'care', info.getCurrentblockhash_asU8()),
        ask(session, 'qscc', 'GetBlockByTxID', 'care', status.transactionId),
      ]);
      const numbers = answers.map((bytes) => numberOf(common.Block.deserializeBinary(bytes)));
      assert.deepEqual(numbers, [status.blockNumber, status.blockNumber, status.blockNumber]);
      const found = peer.ProcessedTransaction.deserializeBinary(
        await ask(session, 'qscc', 'GetTransactionByID', 'care', status.transactionId),
      );
      assert.equal(found.getValidationcode(), CODE.ENDORSEMENT_POLICY_FAILURE);
      assert.ok((found.getTransactionenvelope()?.getPayload_asU8().length ?? 0) > 0);
    },
  },
  {
    name: 'qscc says what it does not know',
    source: queries,
    run: async (target) => {
      const session = await openSession(target);
      await refused(ask(session, 'qscc', 'GetTransactionByID', 'care', 'f'.repeat(64)), {
        code: 'UNKNOWN',
        text: /Failed to get transaction with id f+/,
      });
      await refused(ask(session, 'qscc', 'GetBlockByNumber', 'care', '99999999'), {
        code: 'UNKNOWN',
        text: /Failed to get block number 99999999/,
      });
      await refused(ask(session, 'qscc', 'Nothing', 'care'), { code: 'UNKNOWN', text: /Nothing/ });
    },
  },
  {
    name: '_lifecycle tells a committed definition and who approved it',
    source: queries,
    run: async (target) => {
      const session = await openSession(target);
      const args = new peer.lifecycle.QueryChaincodeDefinitionArgs();
      args.setName(CONTRACTS.basic);
      const bytes = await ask(session, '_lifecycle', 'QueryChaincodeDefinition', args.serializeBinary());
      const definition = peer.lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(bytes);
      assert.deepEqual([definition.getVersion(), definition.getSequence()], ['1.0', 1]);
      assert.deepEqual(
        [definition.getEndorsementPlugin(), definition.getValidationPlugin()],
        ['escc', 'vscc'],
      );
      const policy = peer.ApplicationPolicy.deserializeBinary(definition.getValidationParameter_asU8());
      assert.equal(policy.getSignaturePolicy()?.getIdentitiesList().length, 3);
      assert.deepEqual(
        definition
          .getApprovalsMap()
          .toArray()
          .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        [
          ['AuthorityMSP', true],
          ['NorthMSP', true],
          ['SouthMSP', true],
        ],
      );
    },
  },
  {
    name: '_lifecycle lists the definitions of the channel and refuses an unknown one',
    source: queries,
    run: async (target) => {
      const session = await openSession(target);
      const bytes = await ask(
        session,
        '_lifecycle',
        'QueryChaincodeDefinitions',
        new peer.lifecycle.QueryChaincodeDefinitionsArgs().serializeBinary(),
      );
      const list =
        peer.lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(bytes).getChaincodeDefinitionsList();
      assert.deepEqual(list.map((each) => each.getName()).sort(), [CONTRACTS.basic, CONTRACTS.strict]);
      const unknown = new peer.lifecycle.QueryChaincodeDefinitionArgs();
      unknown.setName('nothing');
      await refused(ask(session, '_lifecycle', 'QueryChaincodeDefinition', unknown.serializeBinary()), {
        code: 'UNKNOWN',
        text: /namespace nothing is not defined/,
      });
    },
  },
  {
    name: 'cscc gives the configuration block',
    source: queries,
    run: async (target) => {
      const session = await openSession(target);
      const block = common.Block.deserializeBinary(await ask(session, 'cscc', 'GetConfigBlock', 'care'));
      assert.equal(numberOf(block), 0n);
    },
  },
  {
    name: 'a contract’s state is not another’s, and system contracts may not be called by name',
    source: '§3 several namespaces',
    run: async (target) => {
      const session = await openSession(target);
      const strict = await openSession(target, { contract: CONTRACTS.strict });
      const key = freshKey('space');
      await session.commit([['put', key, '1']]);
      assert.deepEqual(await strict.evaluate([['get', key]]), [null]);
    },
  },
  {
    name: 'a transaction over AbsoluteMaxBytes is refused by the orderers, a smaller one has a block of its own',
    source: limits,
    run: async (target) => {
      const session = await openSession(target);
      const big = await session.endorse([['putSized', freshKey('big'), ABSOLUTE_MAX_BYTES]]);
      await refused(big.submit(), byOrderers(/BAD_REQUEST/));
      const large = await session.submit([['putSized', freshKey('large'), ABSOLUTE_MAX_BYTES * 0.7]]);
      assert.equal(large.status.code, CODE.VALID);
      const block = await readBlock(session, large.status.blockNumber);
      assert.equal(block.getData()?.getDataList_asU8().length, 1);
    },
  },
  {
    name: 'a query brings no more rows than the limit, and does not say so',
    source: limits,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('limit');
      for (const part of 'abcdefghijklmnopqrstu')
        await session.commit([['fill', `${key}${part}`, QUERY_LIMIT / 20]]);
      assert.deepEqual(await session.evaluate([['count', key, `${key}~`]]), [QUERY_LIMIT]);
    },
  },
  {
    name: 'a contract that answers too late is refused',
    source: limits,
    run: async (target) => {
      const session = await openSession(target);
      const late = session.evaluate([['wait', 4_000]], { endorsers: ['NorthMSP'] });
      await refused(late, {
        code: ['ABORTED', 'UNAVAILABLE'],
        text: /timeout expired|DeadlineExceeded/,
        by: ['NorthMSP'],
      });
    },
  },
];
