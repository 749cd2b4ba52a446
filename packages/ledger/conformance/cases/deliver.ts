import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';
import { CODE, envelopesOf, metadata, numberOf, readBlocks, transactionsOf } from '../blocks.ts';
import type { Case } from '../case.ts';
import { freshKey, openSession } from '../session.ts';
import { take } from '../take.ts';

const deliver = '§3 Deliver (blocks, filtered)';

export const deliverCases: readonly Case[] = [
  {
    name: 'full blocks hang together by their hashes',
    source: '§3 the data hash is a plain concatenation',
    run: async (target) => {
      const session = await openSession(target);
      const { status } = await session.commit([['put', freshKey('block'), '1']]);
      const blocks = await readBlocks(session, 0n, status.blockNumber);
      assert.deepEqual(
        blocks.map(numberOf),
        Array.from(blocks, (_, index) => BigInt(index)),
      );
      let previous: Uint8Array = new Uint8Array();
      for (const block of blocks) {
        const header = block.getHeader();
        assert.deepEqual(Buffer.from(header?.getPreviousHash_asU8() ?? []), Buffer.from(previous));
        const data = createHash('sha256')
          .update(Buffer.concat(envelopesOf(block)))
          .digest();
        assert.deepEqual(Buffer.from(header?.getDataHash_asU8() ?? []), data);
        assert.equal(
          metadata(block, common.BlockMetadataIndex.TRANSACTIONS_FILTER).length,
          envelopesOf(block).length,
        );
        previous = headerHash(numberOf(block), previous, data);
      }
    },
  },
  {
    name: 'the first block is the configuration, and every block has a commit hash',
    source: '§2 the network file makes block 0; §3 Deliver',
    run: async (target) => {
      const session = await openSession(target);
      const [genesis, first] = await readBlocks(session, 0n, 1n);
      assert.ok(genesis !== undefined && first !== undefined);
      assert.deepEqual(
        transactionsOf(genesis).map(({ type, code }) => [type, code]),
        [[common.HeaderType.CONFIG, CODE.VALID]],
      );
      const commitHash = common.Metadata.deserializeBinary(
        metadata(first, common.BlockMetadataIndex.COMMIT_HASH),
      );
      assert.equal(commitHash.getValue_asU8().length, 32);
    },
  },
  {
    name: 'every peer gives the same blocks, down to the commit hash',
    source: '§3 Deliver (blocks)',
    run: async (target) => {
      const session = await openSession(target);
      const { status } = await session.commit([['put', freshKey('block'), '1']]);
      const own = await readBlocks(session, 0n, status.blockNumber);
      for (const at of ['SouthMSP', 'AuthorityMSP'] as const) {
        const theirs = await readBlocks(await openSession(target, { at }), 0n, status.blockNumber);
        const shown = (blocks: common.Block[]) =>
          blocks.map((block) => [
            Buffer.from(block.getHeader()?.serializeBinary() ?? []).toString('hex'),
            Buffer.from(metadata(block, common.BlockMetadataIndex.TRANSACTIONS_FILTER)).toString('hex'),
            Buffer.from(metadata(block, common.BlockMetadataIndex.COMMIT_HASH)).toString('hex'),
          ]);
        assert.deepEqual(shown(theirs), shown(own));
      }
    },
  },
  {
    name: 'filtered blocks tell ids, types, codes and event names, and no payloads',
    source: deliver,
    run: async (target) => {
      const session = await openSession(target);
      const name = freshKey('filtered');
      const script = [
        ['event', name, 'secret'],
        ['put', name, '1'],
      ] as const;
      const { status } = await session.commit(script);
      const invalid = await session.submit(script, { endorsers: ['NorthMSP'] });
      const stream = await session.network.getFilteredBlockEvents({ startBlock: status.blockNumber });
      const blocks = await take(stream, (block) => BigInt(block.getNumber()) >= invalid.status.blockNumber);
      const transactions = blocks.flatMap((block) => block.getFilteredTransactionsList());
      const of = (id: string) => transactions.find((each) => each.getTxid() === id);
      assert.equal(blocks[0]?.getChannelId(), 'care');
      const valid = of(status.transactionId);
      assert.equal(valid?.getTxValidationCode(), CODE.VALID);
      assert.equal(valid?.getType(), common.HeaderType.ENDORSER_TRANSACTION);
      const [action] = valid?.getTransactionActions()?.getChaincodeActionsList() ?? [];
      assert.equal(action?.getChaincodeEvent()?.getEventName(), name);
      assert.equal(action?.getChaincodeEvent()?.getPayload_asU8().length, 0);
      assert.equal(of(invalid.status.transactionId)?.getTxValidationCode(), CODE.ENDORSEMENT_POLICY_FAILURE);
    },
  },
  {
    name: 'a deliver that starts beyond the last block waits for it',
    source: deliver,
    run: async (target) => {
      const session = await openSession(target);
      const { status } = await session.commit([['put', freshKey('wait'), '1']]);
      const waiting = readBlocks(session, status.blockNumber + 1n, status.blockNumber + 1n);
      const next = await session.commit([['put', freshKey('wait'), '2']]);
      assert.deepEqual((await waiting).map(numberOf), [next.status.blockNumber]);
    },
  },
];

/** SHA-256 over the ASN.1 sequence of number, previous hash and data hash. */
function headerHash(number: bigint, previous: Uint8Array, data: Uint8Array): Uint8Array {
  let digits = number.toString(16);
  if (digits.length % 2 === 1) digits = `0${digits}`;
  let integer = Buffer.from(digits, 'hex');
  if ((integer[0] ?? 0) >= 0x80) integer = Buffer.concat([Buffer.from([0]), integer]);
  const field = (tag: number, bytes: Uint8Array) => Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
  const body = Buffer.concat([field(2, integer), field(4, previous), field(4, data)]);
  return createHash('sha256').update(field(0x30, body)).digest();
}
