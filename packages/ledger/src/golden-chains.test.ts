import { readdirSync, readFileSync } from 'node:fs';
import { common } from '@hyperledger/fabric-protos';
import { describe, expect, it } from 'vitest';
import { decodeChain } from '../conformance/chain-file.ts';
import { ValidationCode } from './validation/index.ts';
import { verifyChain } from './verify/index.ts';

/**
 * Chains that Fabric's own peers validated while they ran the conformance suite (`npm run test:conformance -- --engine fabric --record …`).
 * Every code of TRANSACTIONS_FILTER and every COMMIT_HASH must come out of our validator again; where it does not, Fabric was misread.
 */
const FOLDER = new URL('../conformance/vectors/', import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.chain.br'));
const MAX_VECTOR_BYTES = 2 * 1024 * 1024;

const chainOf = (file: string) => decodeChain(readFileSync(new URL(file, FOLDER)));

function filterOf(block: Uint8Array): Uint8Array {
  const metadata = common.Block.deserializeBinary(block).getMetadata();
  return metadata?.getMetadataList_asU8()[common.BlockMetadataIndex.TRANSACTIONS_FILTER] ?? new Uint8Array();
}

describe('chains recorded from Fabric', () => {
  it('are of Raft and of BFT, and small', () => {
    const names = FILES.map((name) => name.replace(/^fabric-v[\d.]+-/, ''));
    expect(names.sort()).toEqual(
      ['bft-care', 'bft-side', 'raft-care', 'raft-side'].map((name) => `${name}.chain.br`),
    );
    const size = FILES.reduce((sum, name) => sum + readFileSync(new URL(name, FOLDER)).length, 0);
    expect(size).toBeLessThan(MAX_VECTOR_BYTES);
  });

  it.each(FILES)('%s: every code and commit hash is reproduced', async (file) => {
    const blocks = chainOf(file);
    const report = await verifyChain({ blocks });
    expect(report.findings).toEqual([]);
    expect(report.height).toBe(BigInt(blocks.length));
  });

  it('hold every code that a client can provoke', () => {
    const seen = new Set(FILES.flatMap((file) => chainOf(file).flatMap((block) => [...filterOf(block)])));
    const expected = [
      ValidationCode.VALID,
      ValidationCode.BAD_COMMON_HEADER,
      ValidationCode.INVALID_ENDORSER_TRANSACTION,
      ValidationCode.BAD_PROPOSAL_TXID,
      ValidationCode.DUPLICATE_TXID,
      ValidationCode.ENDORSEMENT_POLICY_FAILURE,
      ValidationCode.MVCC_READ_CONFLICT,
      ValidationCode.PHANTOM_READ_CONFLICT,
      ValidationCode.BAD_HEADER_EXTENSION,
      ValidationCode.BAD_RESPONSE_PAYLOAD,
      ValidationCode.BAD_RWSET,
      ValidationCode.ILLEGAL_WRITESET,
      ValidationCode.INVALID_CHAINCODE,
      ValidationCode.INVALID_OTHER_REASON,
    ];
    expect(expected.filter((code) => !seen.has(code))).toEqual([]);
  });

  it('are not reproduced when one code is another', async () => {
    const blocks = chainOf(FILES.find((name) => name.includes('raft-side')) ?? '');
    const last = blocks.length - 1;
    const block = common.Block.deserializeBinary(blocks[last] ?? new Uint8Array());
    const list = block.getMetadata()?.getMetadataList_asU8() ?? [];
    list[common.BlockMetadataIndex.TRANSACTIONS_FILTER] = filterOf(blocks[last] ?? new Uint8Array()).map(
      (code) => code ^ 1,
    );
    block.getMetadata()?.setMetadataList(list);
    blocks[last] = block.serializeBinary();
    const report = await verifyChain({ blocks });
    expect(report.findings.map(({ block }) => block)).toContain(BigInt(last));
  });
});
