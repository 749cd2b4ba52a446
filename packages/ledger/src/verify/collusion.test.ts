import { utf8 } from '@healthchain/core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createVerifier, VerificationCache } from '../crypto/index.ts';
import { checkOrdering, decodeBlock, withMetadata, MetadataIndex, type RawBlock } from '../ordering/index.ts';
import { altered, forged, withOtherLimits, withoutEndorsement } from '../testing/forgery.ts';
import { isWrite, makeOwnChain, ordererOf, type OwnChain } from '../testing/own-chain.ts';
import { ValidationCode } from '../validation/index.ts';
import { verifyChain, type Finding, type FindingCode } from './index.ts';

/**
 * The worst forger there is: whoever runs all nodes of a consortium has the keys of every orderer and of a user, so every hash
 * and every signature of a forged chain of ours can be made to hold. What remains are the rules.
 */
let own: OwnChain;
/** Remembers outcomes by key, message and signature. */
const verifier = createVerifier({ cache: new VerificationCache() });

beforeAll(async () => {
  own = await makeOwnChain();
}, 60_000);

const verified = (blocks: readonly Uint8Array[]) =>
  verifyChain({ blocks, ordering: checkOrdering, state: [...own.state] });

/** The first finding, which has to name the block and be of this kind. */
async function first(blocks: readonly Uint8Array[], block: number, code: FindingCode): Promise<Finding> {
  const [finding] = (await verified(blocks)).findings;
  expect(finding).toMatchObject({ block: BigInt(block), code });
  return finding as Finding;
}

describe('of a chain of ours that everybody who signs has forged', () => {
  it('nothing is said when nothing is forged, also when signed again', async () => {
    expect((await verified(own.blocks)).findings).toEqual([]);
    expect((await verified(await forged(own.blocks, 1, (block) => block, own.orderers))).findings).toEqual(
      [],
    );
  });

  it('an endorsement removed is named with its transaction, with and without the creator’s key', async () => {
    const number = own.single;
    for (const [sign, code] of [
      [own.user, '10 (ENDORSEMENT_POLICY_FAILURE)'],
      [undefined, '4 (BAD_CREATOR_SIGNATURE)'],
    ] as const) {
      const envelope = await withoutEndorsement(
        decodeBlock(own.blocks[number] as Uint8Array).data[0] as Uint8Array,
        sign,
      );
      const blocks = await forged(
        own.blocks,
        number,
        (block) => ({ ...block, data: [envelope] }),
        own.orderers,
      );
      const finding = await first(blocks, number, 'CODE');
      expect(finding).toMatchObject({ transaction: 0, problem: expect.stringContaining(code) as string });
    }
  });

  it('a bit flipped anywhere in a transaction is found although the orderers sign it', async () => {
    const writes = own.blocks.flatMap((bytes, number) => {
      const block = decodeBlock(bytes);
      return number > 0 && isWrite(block) ? [{ number, data: block.data }] : [];
    });
    const place = fc.constantFrom(...writes).chain(({ number, data }) =>
      fc.nat(data.length - 1).chain((index) =>
        fc.record({
          number: fc.constant(number),
          index: fc.constant(index),
          at: fc.nat((data[index]?.length ?? 1) - 1),
          bit: fc.nat(7),
        }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(place, async ({ number, index, at, bit }) => {
        const flip = (block: RawBlock) => {
          const envelope = Uint8Array.from(block.data[index] as Uint8Array);
          envelope[at] = (envelope[at] ?? 0) ^ (1 << bit);
          return { ...block, data: block.data.with(index, envelope) };
        };
        const blocks = await forged(own.blocks.slice(0, number + 1), number, flip, own.orderers);
        const [finding] = (await verifyChain({ blocks, verifier })).findings;
        expect(finding).toMatchObject({ block: BigInt(number), transaction: index });
      }),
      { numRuns: 60 },
    );
  });

  it('transactions in another order are named by the commit hash', async () => {
    const number = own.several;
    const swap = (block: RawBlock) => ({ ...block, data: block.data.toReversed() });
    await first(await forged(own.blocks, number, swap, own.orderers), number, 'COMMIT_HASH');
  });

  it('a transaction inserted, taken out or repeated is named', async () => {
    const number = own.single;
    const other = decodeBlock(own.blocks[own.several] as Uint8Array).data[0] as Uint8Array;
    const inserted = (block: RawBlock) => ({ ...block, data: [...block.data, other] });
    await first(await forged(own.blocks, number, inserted, own.orderers), number, 'CODE');
    const fewer = (block: RawBlock) => ({ ...block, data: block.data.slice(1) });
    await first(await forged(own.blocks, own.several, fewer, own.orderers), own.several, 'CODE');
    const again = (block: RawBlock) => ({
      ...withMetadata(block, MetadataIndex.transactionsFilter, new Uint8Array(block.data.length + 1)),
      data: [...block.data, block.data[0] as Uint8Array],
    });
    const finding = await first(await forged(own.blocks, number, again, own.orderers), number, 'CODE');
    expect(finding).toMatchObject({
      transaction: 1,
      problem: expect.stringContaining('9 (DUPLICATE_TXID)') as string,
    });
  });

  it('a code changed is named with its transaction, a commit hash with its block', async () => {
    const number = own.several;
    const spoil = (block: RawBlock) =>
      withMetadata(
        block,
        MetadataIndex.transactionsFilter,
        Uint8Array.from(block.data, (_, i) => (i === 1 ? ValidationCode.MVCC_READ_CONFLICT : 0)),
      );
    expect(await first(altered(own.blocks, number, spoil), number, 'CODE')).toMatchObject({ transaction: 1 });
    const rehash = (block: RawBlock) =>
      withMetadata(
        block,
        MetadataIndex.commitHash,
        (block.metadata[MetadataIndex.commitHash] ?? new Uint8Array()).toReversed(),
      );
    await first(altered(own.blocks, number, rehash), number, 'COMMIT_HASH');
  });

  it('a border moved between transactions under one data hash is named', async () => {
    const number = own.several;
    const moved = ({
      data: [one = new Uint8Array(), two = new Uint8Array(), ...rest],
      ...block
    }: RawBlock) => {
      const data = [one.subarray(0, -1), Buffer.concat([one.subarray(-1), two]), ...rest];
      return { ...block, data };
    };
    await first(altered(own.blocks, number, moved), number, 'BORDER');
  });

  it('an altered configuration is named: its administrators did not sign it', async () => {
    const number = own.configuration;
    const [envelope = new Uint8Array()] = decodeBlock(own.blocks[number] as Uint8Array).data;
    for (const [sign, code] of [
      [undefined, 'CODE'],
      [own.orderers(ordererOf(envelope)), 'CONFIG'],
    ] as const) {
      const data = [await withOtherLimits(envelope, sign)];
      await first(
        await forged(own.blocks, number, (block) => ({ ...block, data }), own.orderers),
        number,
        code,
      );
    }
  });

  it('a cut tail is named by anybody who has more', async () => {
    const heights = { 'peer0.south': BigInt(own.blocks.length) };
    const report = await verifyChain({ blocks: own.blocks.slice(0, -2), ordering: checkOrdering, heights });
    expect(report.findings).toMatchObject([{ code: 'TAIL', block: BigInt(own.blocks.length - 2) }]);
  });

  it('a row of the state that was changed is named by its key', async () => {
    const [row] = own.state.filter(({ namespace }) => namespace === 'kv');
    const rows = own.state.map((each) => (each === row ? { ...each, value: utf8('other') } : each));
    const report = await verifyChain({ blocks: own.blocks, ordering: checkOrdering, state: rows });
    expect(report.findings).toMatchObject([
      { code: 'STATE', block: row?.version.block, key: { namespace: 'kv', key: row?.key } },
    ]);
  });
});
