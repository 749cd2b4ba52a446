import { readFileSync } from 'node:fs';
import { concat, sha256, utf8 } from '@healthchain/core';
import { common } from '@hyperledger/fabric-protos';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeChain } from '../../conformance/chain-file.ts';
import { blockDataHash, blockHeaderHash, ValidationCode } from '../validation/index.ts';
import { decodeBlockMessage, METADATA } from '../validation/block.ts';
import { WireWriter } from '../wire/index.ts';
import { verifyBlockSignatures, verifyChain, type StateRow } from './index.ts';
import { channelConfigFromBlock } from '../config/index.ts';

const raft = decodeChain(
  readFileSync(new URL('../../conformance/vectors/fabric-v3.1.5-raft-care.chain.br', import.meta.url)),
);
/** Enough of the chain to hold transactions of many codes, and soon verified. */
const short = raft.slice(0, 60);

describe('what was changed is named', () => {
  const changed = (number: number, change: (block: common.Block) => void): Uint8Array[] =>
    short.map((bytes, i) => {
      if (i !== number) return bytes;
      const block = common.Block.deserializeBinary(bytes);
      change(block);
      return block.serializeBinary();
    });
  const metadataOf = (block: common.Block): Uint8Array[] => block.getMetadata()?.getMetadataList_asU8() ?? [];
  const setMetadata = (block: common.Block, slot: number, value: Uint8Array): void => {
    const list = metadataOf(block);
    list[slot] = value;
    block.getMetadata()?.setMetadataList(list);
  };
  const first = async (blocks: readonly Uint8Array[]) => (await verifyChain({ blocks })).findings[0];

  test('a validation code', async () => {
    const blocks = changed(40, (block) =>
      setMetadata(block, METADATA.transactionsFilter, Uint8Array.of(ValidationCode.MVCC_READ_CONFLICT)),
    );
    expect(await first(blocks)).toMatchObject({
      block: 40n,
      transaction: 0,
      problem: expect.stringContaining('validation code is 11') as string,
    });
  });

  test('a commit hash', async () => {
    const blocks = changed(33, (block) =>
      setMetadata(block, METADATA.commitHash, new WireWriter().bytes(1, sha256(utf8('x'))).finish()),
    );
    expect(await first(blocks)).toMatchObject({
      block: 33n,
      problem: expect.stringContaining('commit hash') as string,
    });
  });

  test('a byte of a transaction', async () => {
    const blocks = changed(20, (block) => {
      const data = block.getData()?.getDataList_asU8() ?? [];
      const envelope = Uint8Array.from(data[0] ?? []);
      envelope[envelope.length - 1] = (envelope.at(-1) ?? 0) ^ 1;
      block.getData()?.setDataList([envelope, ...data.slice(1)]);
    });
    expect(await first(blocks)).toMatchObject({
      block: 20n,
      problem: expect.stringContaining('data hash') as string,
    });
  });

  test('a transaction replaced, with every hash after it computed again', async () => {
    const blocks = relinked(
      changed(20, (block) =>
        block.getData()?.setDataList(
          common.Block.deserializeBinary(short[21] as Uint8Array)
            .getData()
            ?.getDataList_asU8() ?? [],
        ),
      ),
    );
    expect(await first(blocks)).toMatchObject({
      block: 20n,
      problem: expect.stringContaining('signatures') as string,
    });
  });

  test('an orderer’s signature', async () => {
    const blocks = changed(15, (block) => {
      const metadata = common.Metadata.deserializeBinary(metadataOf(block)[0] ?? new Uint8Array());
      for (const signature of metadata.getSignaturesList())
        signature.setSignature(concat(signature.getSignature_asU8().subarray(0, -1), Uint8Array.of(0)));
      setMetadata(block, METADATA.signatures, metadata.serializeBinary());
    });
    expect(await first(blocks)).toMatchObject({
      block: 15n,
      problem: expect.stringContaining('signatures') as string,
    });
  });

  test('a block left out, a block given twice', async () => {
    expect(await first([...short.slice(0, 10), ...short.slice(11)])).toMatchObject({ block: 10n });
    expect(await first([...short.slice(0, 10), ...short.slice(9)])).toMatchObject({ block: 10n });
  });

  test('a cut tail', async () => {
    const report = await verifyChain({ blocks: short, heights: { 'peer0.south': 61n, 'peer0.north': 60n } });
    expect(report.findings).toEqual([
      { code: 'TAIL', block: 60n, problem: expect.stringContaining('peer0.south has 61 blocks') as string },
    ]);
  });

  test('another genesis block', async () => {
    const genesisHash = blockHeaderHash(decodeBlockMessage(short[0] as Uint8Array).header);
    expect((await verifyChain({ blocks: short.slice(0, 5), genesisHash })).ok).toBe(true);
    expect(
      (await verifyChain({ blocks: short.slice(0, 5), genesisHash: sha256(genesisHash) })).findings[0],
    ).toMatchObject({ block: 0n });
  });

  test('nothing is no chain', async () => {
    expect((await verifyChain({ blocks: [] })).ok).toBe(false);
    expect((await verifyChain({ blocks: [utf8('junk')] })).findings).toHaveLength(1);
  });
});

describe('the live state', () => {
  let rows: StateRow[];

  beforeAll(async () => {
    const { ReplayState } = await import('./replay-state.ts');
    const { parseTransaction, validateBlock, validateGenesis } = await import('../validation/index.ts');
    const { createVerifier } = await import('../crypto/index.ts');
    const state = new ReplayState();
    let previous = validateGenesis(short[0] as Uint8Array);
    state.apply(previous.updates);
    const seen = new Set<string>();
    for (const bytes of short.slice(1)) {
      const block = decodeBlockMessage(bytes);
      const transactions = block.data.map(parseTransaction);
      previous = await validateBlock({
        number: block.header.number,
        transactions,
        config: previous.config,
        state,
        hasTransaction: (txId) => seen.has(txId),
        previousCommitHash: previous.commitHash,
        verifier: createVerifier(),
      });
      state.apply(previous.updates);
      for (const { txId } of transactions) seen.add(txId);
    }
    rows = [...state.rows()];
  });

  const findingsFor = async (state: StateRow[]) => (await verifyChain({ blocks: short, state })).findings;

  test('that the blocks make passes', async () => {
    expect(await findingsFor(rows)).toEqual([]);
  });

  test('with one value changed, one row lost or one added is named', async () => {
    const victim = rows.findIndex(({ namespace }) => namespace === 'basic');
    const row = rows[victim] as StateRow;
    const key = { namespace: row.namespace, key: row.key };
    expect(await findingsFor(rows.with(victim, { ...row, value: utf8('other') }))).toMatchObject([
      { key, problem: expect.stringContaining('another value') as string },
    ]);
    expect(await findingsFor(rows.toSpliced(victim, 1))).toMatchObject([
      { key, problem: expect.stringContaining('lacks') as string },
    ]);
    expect(await findingsFor([...rows, { ...row, key: 'never written' }])).toMatchObject([
      { problem: expect.stringContaining('no block wrote') as string },
    ]);
  });

  test('shows what organisations approved, as the hashes on the chain bear out', () => {
    const approved = rows
      .filter(({ namespace }) => namespace === '_lifecycle$$p_implicit_org_NorthMSP')
      .map(({ key }) => key);
    expect(approved).toContain('namespaces/metadata/basic#1');
    const hashes = rows.filter(({ namespace }) => namespace === '_lifecycle$$h_implicit_org_NorthMSP');
    expect(approved).toHaveLength(hashes.length);
  });
});

test('a block is judged by the orderers of the configuration before it', () => {
  const config = channelConfigFromBlock(raft[0] as Uint8Array);
  verifyBlockSignatures(config, raft[1] as Uint8Array);
  expect(() => verifyBlockSignatures(config, raft[0] as Uint8Array)).toThrowError(
    expect.objectContaining({ code: 'BAD_BLOCK' }),
  );
});

/** The same blocks with data hashes and previous hashes that fit, as somebody without the orderers' keys can make them. */
function relinked(blocks: readonly Uint8Array[]): Uint8Array[] {
  let previous: Uint8Array = new Uint8Array();
  return blocks.map((bytes) => {
    const block = common.Block.deserializeBinary(bytes);
    block.getHeader()?.setDataHash(blockDataHash(block.getData()?.getDataList_asU8() ?? []));
    block.getHeader()?.setPreviousHash(previous);
    const encoded = block.serializeBinary();
    previous = blockHeaderHash(decodeBlockMessage(encoded).header);
    return encoded;
  });
}
