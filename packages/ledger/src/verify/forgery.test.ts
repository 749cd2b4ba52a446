import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { common } from '@hyperledger/fabric-protos';
import { describe, expect, it } from 'vitest';
import { decodeChain } from '../../conformance/chain-file.ts';
import { createVerifier, nativeSigner, VerificationCache } from '../crypto/index.ts';
import { decodeBlock, MetadataIndex, withMetadata, type RawBlock } from '../ordering/index.ts';
import {
  altered,
  forged,
  signaturesOf,
  withoutEndorsement,
  withOtherLimits,
  withSigner,
  withSignatures,
} from '../testing/forgery.ts';
import { parseTransaction } from '../validation/index.ts';
import { verifyChain, type FindingCode } from './index.ts';

const CONFIG: number = common.HeaderType.CONFIG;
const rogue = nativeSigner(
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
);

/** A forger who has the blocks of Fabric's peers and no key: every hash fits again, no signature does. */
describe.each(['raft-care', 'bft-care'])(
  'of the chain %s that was forged with every hash made to fit',
  (name) => {
    const chain = decodeChain(
      readFileSync(new URL(`../../conformance/vectors/fabric-v3.1.5-${name}.chain.br`, import.meta.url)),
    );
    const verifier = createVerifier({ cache: new VerificationCache() });
    const blockWhere = (suits: (types: number[], block: RawBlock) => boolean): number =>
      chain.findIndex((bytes, i) => {
        const block = decodeBlock(bytes);
        return (
          i > 0 &&
          suits(
            block.data.map((each) => parseTransaction(each).type),
            block,
          )
        );
      });
    const single = blockWhere(([type, ...others]) => type !== CONFIG && others.length === 0);
    const several = blockWhere(
      (types, { metadata }) => types.length > 1 && metadata[MetadataIndex.transactionsFilter]?.[1] === 0,
    );
    const configuration = blockWhere(([type]) => type === CONFIG);
    const [envelopeOfSingle = new Uint8Array()] = decodeBlock(chain[single] as Uint8Array).data;

    /** Kinds and transactions of what is found in that block; nothing is found before it. */
    async function found(
      blocks: readonly Uint8Array[],
      number: number,
    ): Promise<(FindingCode | [FindingCode, number])[]> {
      const { findings } = await verifyChain({ blocks: blocks.slice(0, number + 1), verifier });
      expect(new Set(findings.map(({ block }) => block))).toEqual(new Set([BigInt(number)]));
      return findings.map(({ code, transaction }) =>
        transaction === undefined ? code : [code, transaction],
      );
    }

    it('an endorsement removed is named: the block’s signatures and the transaction', async () => {
      const data = [await withoutEndorsement(envelopeOfSingle)];
      const blocks = await forged(chain, single, (block) => ({ ...block, data }));
      expect(await found(blocks, single)).toEqual(expect.arrayContaining(['SIGNATURES', ['CODE', 0]]));
    });

    it('an altered configuration is named', async () => {
      const [envelope = new Uint8Array()] = decodeBlock(chain[configuration] as Uint8Array).data;
      const data = [await withOtherLimits(envelope)];
      const blocks = await forged(chain, configuration, (block) => ({ ...block, data }));
      expect(await found(blocks, configuration)).toEqual(expect.arrayContaining(['SIGNATURES', ['CODE', 0]]));
    });

    it('transactions in another order, inserted and left out are named', async () => {
      const swapped = await forged(chain, several, (block) => ({ ...block, data: block.data.toReversed() }));
      expect(await found(swapped, several)).toContain('SIGNATURES');
      const more = await forged(chain, several, (block) => ({
        ...block,
        data: [...block.data, envelopeOfSingle],
      }));
      expect(await found(more, several)).toEqual(expect.arrayContaining(['SIGNATURES', 'CODE']));
      const fewer = await forged(chain, several, (block) => ({ ...block, data: block.data.slice(1) }));
      expect(await found(fewer, several)).toEqual(
        expect.arrayContaining(['SIGNATURES', 'CODE', 'COMMIT_HASH']),
      );
    });

    it('a block that stands at another’s number is named', async () => {
      const { data } = decodeBlock(chain[single + 1] as Uint8Array);
      const blocks = await forged(chain, single, (block) => ({ ...block, data }));
      expect(await found(blocks, single)).toContain('SIGNATURES');
    });

    it('a moved border is named with its transaction, although no hash and no signature changes', async () => {
      const moved = ({
        data: [one = new Uint8Array(), two = new Uint8Array(), ...rest],
        ...block
      }: RawBlock) => ({
        ...block,
        data: [one.subarray(0, -1), Buffer.concat([one.subarray(-1), two]), ...rest],
      });
      expect((await found(altered(chain, several, moved), several))[0]).toEqual(['BORDER', 0]);
    });

    it('a code and a commit hash that were changed are named', async () => {
      const codes = (block: RawBlock) =>
        withMetadata(
          block,
          MetadataIndex.transactionsFilter,
          Uint8Array.from(block.metadata[MetadataIndex.transactionsFilter] ?? [], (code, i) =>
            i === 1 ? 11 : code,
          ),
        );
      expect(await found(altered(chain, several, codes), several)).toEqual([['CODE', 1]]);
      const hash = (block: RawBlock) => withMetadata(block, MetadataIndex.commitHash, new Uint8Array());
      expect(await found(altered(chain, single, hash), single)).toEqual(['COMMIT_HASH']);
    });

    it('a signature by a key that is no orderer’s is named with whose it claims to be', async () => {
      const honest = decodeBlock(chain[single] as Uint8Array);
      const beside = name.startsWith('bft')
        ? await withSigner(honest, 1, rogue)
        : await withRaftSigner(honest);
      const blocks = altered(chain, single, () => beside);
      expect(await found(blocks, single)).toEqual(['ROGUE_SIGNATURE']);
    });

    it('a cut tail is named', async () => {
      const heights = { 'peer0.south': BigInt(chain.length) };
      const report = await verifyChain({ blocks: chain.slice(0, single), heights, verifier });
      expect(report.findings).toMatchObject([{ code: 'TAIL', block: BigInt(single) }]);
    });
  },
);

/** The block with the orderer's signature header twice, the second time over a signature of the forger's. */
async function withRaftSigner(block: RawBlock): Promise<RawBlock> {
  const metadata = signaturesOf(block);
  const [own] = metadata.getSignaturesList();
  const copy = own?.clone();
  copy?.setSignature(await rogue(Uint8Array.of(1)));
  metadata.addSignatures(copy);
  return withSignatures(block, metadata);
}
