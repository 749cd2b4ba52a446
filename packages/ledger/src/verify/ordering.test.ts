import { generateKeyPairSync } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';
import { beforeAll, describe, expect, it } from 'vitest';
import { nativeSigner } from '../crypto/index.ts';
import { checkOrdering, decodeBlock, type RawBlock } from '../ordering/index.ts';
import { openBlock } from '../ordering/turn-metadata.ts';
import {
  altered,
  forged,
  signaturesOf,
  signedAgain,
  withSignatures,
  withSigner,
} from '../testing/forgery.ts';
import { makeOwnChain, type OwnChain } from '../testing/own-chain.ts';
import { verifyChain, type Finding, type FindingCode } from './index.ts';

let own: OwnChain;

beforeAll(async () => {
  own = await makeOwnChain();
}, 60_000);

const verified = (blocks: readonly Uint8Array[]) => verifyChain({ blocks, ordering: checkOrdering });

/** The first finding, which has to name the block and be of this kind. */
async function first(blocks: readonly Uint8Array[], block: number, code: FindingCode): Promise<Finding> {
  const [finding] = (await verified(blocks)).findings;
  expect(finding).toMatchObject({ block: BigInt(block), code });
  return finding as Finding;
}

describe('of the ordering of a chain of ours', () => {
  it('a turn that nobody passed over, and a certificate that its voters did not sign, are named', async () => {
    const number = own.passedOver;
    const swapVoters = (block: RawBlock) => {
      const metadata = signaturesOf(block);
      const value = Buffer.from(metadata.getValue_asU8());
      const [vote] = openBlock(block).certificate?.votes ?? [];
      const at = value.indexOf(vote?.signature ?? new Uint8Array(1));
      expect(at).toBeGreaterThan(0);
      value[at + (vote?.signature.length ?? 0) - 1] =
        (value[at + (vote?.signature.length ?? 0) - 1] ?? 0) ^ 1;
      metadata.setValue(value);
      return withSignatures(block, metadata);
    };
    const finding = await first(
      await forged(own.blocks, number, swapVoters, own.orderers),
      number,
      'ORDERING',
    );
    expect(finding.problem).toContain('pass-over certificate');
    const uncertified = (block: RawBlock) => {
      const metadata = signaturesOf(block);
      const value = common.OrdererBlockMetadata.deserializeBinary(metadata.getValue_asU8());
      const { certificate, turn, height } = openBlock(block);
      expect(certificate).toBeDefined();
      value.setConsenterMetadata(Uint8Array.of(0x08, turn, 0x10, height));
      metadata.setValue(value.serializeBinary());
      return withSignatures(block, metadata);
    };
    const without = await first(
      await forged(own.blocks, number, uncertified, own.orderers),
      number,
      'ORDERING',
    );
    expect(without.problem).toContain('is not allowed by a certificate');
  });

  it('a signature by a key that is none of the orderers’ is named with whom it claims to be', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const rogue = nativeSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const number = own.passedOver;
    const joined = await withSigner(decodeBlock(own.blocks[number] as Uint8Array), own.absent, rogue);
    const beside = await first(
      altered(own.blocks, number, () => joined),
      number,
      'ROGUE_SIGNATURE',
    );
    expect(beside.problem).toContain('consenter 2');
    const instead = await signedAgain(decodeBlock(own.blocks[number] as Uint8Array), () => rogue);
    await first(
      altered(own.blocks, number, () => instead),
      number,
      'SIGNATURES',
    );
    const unknown = await withSigner(decodeBlock(own.blocks[number] as Uint8Array), 9, rogue);
    const stranger = await first(
      altered(own.blocks, number, () => unknown),
      number,
      'ROGUE_SIGNATURE',
    );
    expect(stranger.problem).toContain('consenter 9');
  });

  it('two blocks of one number name each other, and who signed both', async () => {
    const number = own.several;
    const swap = (block: RawBlock) => ({ ...block, data: block.data.slice(0, 1) });
    const rival = await forged(own.blocks, number, swap, own.orderers);
    const others = {
      'peer0.south': {
        height: BigInt(rival.length),
        block: async (at: bigint) => rival[Number(at)] as Uint8Array,
      },
    };
    const { findings } = await verifyChain({ blocks: own.blocks, ordering: checkOrdering, others });
    expect(findings).toEqual([
      {
        code: 'FORK',
        block: BigInt(number),
        problem: expect.stringMatching(
          /^peer0\.south has another block here, and two headers of one number are signed by consenter \d, consenter \d/,
        ) as string,
      },
    ]);
  });

  it('a copy that differs without the orderers’ signatures says nothing against this one', async () => {
    const swap = (block: RawBlock) => ({ ...block, data: block.data.slice(0, 1) });
    const rival = await forged(own.blocks, own.several, swap);
    const others = {
      'peer0.south': {
        height: BigInt(rival.length),
        block: async (at: bigint) => rival[Number(at)] as Uint8Array,
      },
    };
    const { findings } = await verifyChain({ blocks: own.blocks, ordering: checkOrdering, others });
    expect(findings).toEqual([]);
    await first(rival, own.several, 'SIGNATURES');
  });
});
