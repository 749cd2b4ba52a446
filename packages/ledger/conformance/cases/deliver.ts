import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { common, orderer } from '@hyperledger/fabric-protos';
import { CODE, envelopesOf, metadata, numberOf, readBlocks, transactionsOf } from '../blocks.ts';
import type { Case } from '../case.ts';
import { freshKey, openSession } from '../session.ts';
import type { Session } from '../session.ts';
import { take } from '../take.ts';

const deliver = '§3 Deliver (blocks, filtered)';
const SEEK_MS = 10_000;

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
  {
    name: 'a deliver starts at the oldest or the newest block and ends where it is told to',
    source: deliver,
    run: async (target) => {
      const session = await openSession(target);
      const { status } = await session.commit([['put', freshKey('seek'), '1']]);
      const { blockNumber } = status;
      assert.deepEqual(await seek(session, oldest, oldest), [0n]);
      assert.deepEqual(await seek(session, newest, newest), [blockNumber]);
      const two = await seek(session, at(blockNumber - 1n), at(blockNumber));
      assert.deepEqual(two, [blockNumber - 1n, blockNumber]);
    },
  },
  {
    name: 'a deliver that need not wait ends with NOT_FOUND, one of a wrong range with BAD_REQUEST',
    source: deliver,
    run: async (target) => {
      const session = await openSession(target);
      const { status } = await session.commit([['put', freshKey('seek'), '1']]);
      const beyond = at(status.blockNumber + 1_000n);
      await assert.rejects(seek(session, beyond, beyond, ORDERER.FAIL_IF_NOT_READY), /NOT_FOUND|404/);
      await assert.rejects(seek(session, at(1n), at(0n)), /BAD_REQUEST|400/);
    },
  },
];

const ORDERER = orderer.SeekInfo.SeekBehavior;
type Place = (position: orderer.SeekPosition) => void;
const oldest: Place = (position) => position.setOldest(new orderer.SeekOldest());
const newest: Place = (position) => position.setNewest(new orderer.SeekNewest());
const at =
  (number: bigint): Place =>
  (position) => {
    const specified = new orderer.SeekSpecified();
    specified.setNumber(Number(number));
    position.setSpecified(specified);
  };

/** The numbers of the blocks that a seek of the case's own brings, to its end. */
async function seek(
  session: Session,
  start: Place,
  stop: Place,
  behavior: orderer.SeekInfo.SeekBehaviorMap[keyof orderer.SeekInfo.SeekBehaviorMap] = ORDERER.BLOCK_UNTIL_READY,
): Promise<bigint[]> {
  const original = session.network.newBlockEventsRequest({ startBlock: 0n });
  const envelope = common.Envelope.deserializeBinary(original.getBytes());
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const info = new orderer.SeekInfo();
  const [from, to] = [new orderer.SeekPosition(), new orderer.SeekPosition()];
  start(from);
  stop(to);
  info.setStart(from);
  info.setStop(to);
  info.setBehavior(behavior);
  payload.setData(info.serializeBinary());
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature('');
  const request = session.gateway.newBlockEventsRequest(envelope.serializeBinary());
  const numbers: bigint[] = [];
  try {
    for await (const block of await request.getEvents({ deadline: Date.now() + SEEK_MS }))
      numbers.push(numberOf(block));
  } catch (error) {
    // The client library takes every status for a failure, also the one that a deliver ends with.
    if (!(error instanceof Error && error.message.endsWith(`: ${common.Status.SUCCESS}`))) throw error;
  }
  return numbers;
}

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
