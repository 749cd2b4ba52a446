import { generateKeyPairSync } from 'node:crypto';
import { connect, hash } from '@hyperledger/fabric-gateway';
import { utf8 } from '@healthchain/core';
import { common } from '@hyperledger/fabric-protos';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createVerifier, nativeSigner, VerificationCache } from '../crypto/index.ts';
import { openNetwork } from '../engine/index.ts';
import { startTestNetwork } from '../engine/testing.ts';
import { parseSerializedIdentity } from '../msp/index.ts';
import { checkOrdering, decodeBlock, withMetadata, MetadataIndex, type RawBlock } from '../ordering/index.ts';
import { openBlock } from '../ordering/turn-metadata.ts';
import {
  altered,
  forged,
  signaturesOf,
  signedAgain,
  withOtherLimits,
  withoutEndorsement,
  withSignatures,
  withSigner,
  type Orderers,
  type Sign,
} from '../testing/forgery.ts';
import { parseTransaction, ValidationCode } from '../validation/index.ts';
import { verifyChain, type Finding, type FindingCode, type StateRow } from './index.ts';

/**
 * The worst forger there is: whoever runs all nodes of a consortium has the keys of every orderer and of a user, so every hash
 * and every signature of a forged chain of ours can be made to hold. What remains are the rules.
 */
let chain: readonly Uint8Array[];
let state: readonly StateRow[];
let orderers: Orderers;
let user: Sign;
/** Remembers outcomes by key, message and signature. */
const verifier = createVerifier({ cache: new VerificationCache() });

const blockWhere = (suits: (block: RawBlock) => boolean): number => {
  const number = chain.findIndex((bytes, i) => i > 0 && suits(decodeBlock(bytes)));
  if (number < 0) throw new Error('the chain has no such block');
  return number;
};
const isWrite = ({ data }: RawBlock) =>
  data.every((each) => parseTransaction(each).action?.chaincode.name === 'kv');
const single = () => blockWhere((block) => block.data.length === 1 && isWrite(block));
const several = () => blockWhere((block) => block.data.length > 1 && isWrite(block));
const configuration = () =>
  blockWhere(({ data }) => parseTransaction(data[0] ?? new Uint8Array()).type === common.HeaderType.CONFIG);
const passedOver = () => blockWhere((block) => openBlock(block).certificate !== undefined);

const ORDERERS = ['north', 'south', 'authority'];

/** The consenter that made the envelope of a configuration. */
function ordererOf(envelope: Uint8Array): number {
  const { mspId } = parseSerializedIdentity(parseTransaction(envelope).creator);
  return ORDERERS.findIndex((name) => mspId.toLowerCase().startsWith(name)) + 1;
}

const WRITES = 4;

beforeAll(async () => {
  const network = await startTestNetwork();
  const { directory, engine } = network;
  try {
    const files = openNetwork(directory);
    const { certificate, privateKey } = files.admin('NorthMSP');
    user = nativeSigner(privateKey);
    const gateway = connect({
      client: engine.client('NorthMSP'),
      identity: { mspId: 'NorthMSP', credentials: utf8(certificate) },
      signer: nativeSigner(privateKey),
      hash: hash.none,
    });
    const contract = gateway.getNetwork('care').getContract('kv');
    const write = (key: string) => contract.submitTransaction('put', key, key);
    for (let i = 0; i < WRITES; i += 1) await write(`one ${i}`);
    for (let i = 0; i < WRITES; i += 1)
      await Promise.all(Array.from({ length: 8 }, (_, k) => write(`many ${i} ${k}`)));
    await engine.updateConfig('care', { kind: 'batch', limits: { maxMessageCount: 100 } });
    await engine.stop('orderer0.south');
    for (let i = 0; i < WRITES; i += 1) await write(`without ${i}`);
    gateway.close();
    const height = (await engine.status()).find(({ id }) => id === 'peer0.north')?.channels[0]?.height ?? 0;
    chain = await Promise.all(
      Array.from({ length: height }, (_, number) => engine.block('peer0.north', 'care', number)),
    );
    const snapshot = await engine.openSnapshot('peer0.north', 'care');
    state = (await engine.stateRows(snapshot.id)).rows;
    const keys = new Map<number, Sign>(
      ORDERERS.map((name, i) => [i + 1, nativeSigner(files.nodeKeys(`orderer0.${name}`).privateKey)]),
    );
    orderers = (consenter) => keys.get(consenter);
  } finally {
    await network.close();
  }
}, 60_000);

const verified = (blocks: readonly Uint8Array[]) =>
  verifyChain({ blocks, ordering: checkOrdering, state: [...state] });

/** The first finding, which has to name the block and be of this kind. */
async function first(blocks: readonly Uint8Array[], block: number, code: FindingCode): Promise<Finding> {
  const [finding] = (await verified(blocks)).findings;
  expect(finding).toMatchObject({ block: BigInt(block), code });
  return finding as Finding;
}

describe('of a chain of ours that everybody who signs has forged', () => {
  it('nothing is said when nothing is forged, also when signed again', async () => {
    expect((await verified(chain)).findings).toEqual([]);
    expect((await verified(await forged(chain, 1, (block) => block, orderers))).findings).toEqual([]);
  });

  it('an endorsement removed is named with its transaction, with and without the creator’s key', async () => {
    const number = single();
    for (const [sign, code] of [
      [user, '10 (ENDORSEMENT_POLICY_FAILURE)'],
      [undefined, '4 (BAD_CREATOR_SIGNATURE)'],
    ] as const) {
      const envelope = await withoutEndorsement(
        decodeBlock(chain[number] as Uint8Array).data[0] as Uint8Array,
        sign,
      );
      const blocks = await forged(chain, number, (block) => ({ ...block, data: [envelope] }), orderers);
      const finding = await first(blocks, number, 'CODE');
      expect(finding).toMatchObject({ transaction: 0, problem: expect.stringContaining(code) as string });
    }
  });

  it('a bit flipped anywhere in a transaction is found although the orderers sign it', async () => {
    const writes = chain.flatMap((bytes, number) => {
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
        const blocks = await forged(chain.slice(0, number + 1), number, flip, orderers);
        const [finding] = (await verifyChain({ blocks, verifier })).findings;
        expect(finding).toMatchObject({ block: BigInt(number), transaction: index });
      }),
      { numRuns: 60 },
    );
  });

  it('transactions in another order are named by the commit hash', async () => {
    const number = several();
    const swap = (block: RawBlock) => ({ ...block, data: block.data.toReversed() });
    await first(await forged(chain, number, swap, orderers), number, 'COMMIT_HASH');
  });

  it('a transaction inserted, taken out or repeated is named', async () => {
    const number = single();
    const other = decodeBlock(chain[several()] as Uint8Array).data[0] as Uint8Array;
    const inserted = (block: RawBlock) => ({ ...block, data: [...block.data, other] });
    await first(await forged(chain, number, inserted, orderers), number, 'CODE');
    const fewer = (block: RawBlock) => ({ ...block, data: block.data.slice(1) });
    await first(await forged(chain, several(), fewer, orderers), several(), 'CODE');
    const again = (block: RawBlock) => ({
      ...withMetadata(block, MetadataIndex.transactionsFilter, new Uint8Array(block.data.length + 1)),
      data: [...block.data, block.data[0] as Uint8Array],
    });
    const finding = await first(await forged(chain, number, again, orderers), number, 'CODE');
    expect(finding).toMatchObject({
      transaction: 1,
      problem: expect.stringContaining('9 (DUPLICATE_TXID)') as string,
    });
  });

  it('a code changed is named with its transaction, a commit hash with its block', async () => {
    const number = several();
    const spoil = (block: RawBlock) =>
      withMetadata(
        block,
        MetadataIndex.transactionsFilter,
        Uint8Array.from(block.data, (_, i) => (i === 1 ? ValidationCode.MVCC_READ_CONFLICT : 0)),
      );
    expect(await first(altered(chain, number, spoil), number, 'CODE')).toMatchObject({ transaction: 1 });
    const rehash = (block: RawBlock) =>
      withMetadata(
        block,
        MetadataIndex.commitHash,
        (block.metadata[MetadataIndex.commitHash] ?? new Uint8Array()).toReversed(),
      );
    await first(altered(chain, number, rehash), number, 'COMMIT_HASH');
  });

  it('a border moved between transactions under one data hash is named', async () => {
    const number = several();
    const moved = ({
      data: [one = new Uint8Array(), two = new Uint8Array(), ...rest],
      ...block
    }: RawBlock) => {
      const data = [one.subarray(0, -1), Buffer.concat([one.subarray(-1), two]), ...rest];
      return { ...block, data };
    };
    await first(altered(chain, number, moved), number, 'BORDER');
  });

  it('an altered configuration is named: its administrators did not sign it', async () => {
    const number = configuration();
    const [envelope = new Uint8Array()] = decodeBlock(chain[number] as Uint8Array).data;
    for (const [sign, code] of [
      [undefined, 'CODE'],
      [orderers(ordererOf(envelope)), 'CONFIG'],
    ] as const) {
      const data = [await withOtherLimits(envelope, sign)];
      await first(await forged(chain, number, (block) => ({ ...block, data }), orderers), number, code);
    }
  });

  it('a turn that nobody passed over, and a certificate that its voters did not sign, are named', async () => {
    const number = passedOver();
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
    const finding = await first(await forged(chain, number, swapVoters, orderers), number, 'ORDERING');
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
    const without = await first(await forged(chain, number, uncertified, orderers), number, 'ORDERING');
    expect(without.problem).toContain('is not allowed by a certificate');
  });

  it('a signature by a key that is none of the orderers’ is named with whom it claims to be', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const rogue = nativeSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const number = passedOver();
    const absent = 2;
    const joined = await withSigner(decodeBlock(chain[number] as Uint8Array), absent, rogue);
    const beside = await first(
      altered(chain, number, () => joined),
      number,
      'ROGUE_SIGNATURE',
    );
    expect(beside.problem).toContain('consenter 2');
    const instead = await signedAgain(decodeBlock(chain[number] as Uint8Array), () => rogue);
    await first(
      altered(chain, number, () => instead),
      number,
      'SIGNATURES',
    );
    const unknown = await withSigner(decodeBlock(chain[number] as Uint8Array), 9, rogue);
    const stranger = await first(
      altered(chain, number, () => unknown),
      number,
      'ROGUE_SIGNATURE',
    );
    expect(stranger.problem).toContain('consenter 9');
  });

  it('two blocks of one number name each other, and who signed both', async () => {
    const number = several();
    const swap = (block: RawBlock) => ({ ...block, data: block.data.slice(0, 1) });
    const rival = await forged(chain, number, swap, orderers);
    const others = {
      'peer0.south': {
        height: BigInt(rival.length),
        block: async (at: bigint) => rival[Number(at)] as Uint8Array,
      },
    };
    const { findings } = await verifyChain({ blocks: chain, ordering: checkOrdering, others });
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

  it('a cut tail is named by anybody who has more', async () => {
    const heights = { 'peer0.south': BigInt(chain.length) };
    const report = await verifyChain({ blocks: chain.slice(0, -2), ordering: checkOrdering, heights });
    expect(report.findings).toMatchObject([{ code: 'TAIL', block: BigInt(chain.length - 2) }]);
  });

  it('a row of the state that was changed is named by its key', async () => {
    const [row] = state.filter(({ namespace }) => namespace === 'kv');
    const rows = state.map((each) => (each === row ? { ...each, value: utf8('other') } : each));
    const report = await verifyChain({ blocks: chain, ordering: checkOrdering, state: rows });
    expect(report.findings).toMatchObject([
      { code: 'STATE', block: row?.version.block, key: { namespace: 'kv', key: row?.key } },
    ]);
  });
});
