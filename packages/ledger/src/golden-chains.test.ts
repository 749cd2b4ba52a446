import { readdirSync, readFileSync } from 'node:fs';
import { common } from '@hyperledger/fabric-protos';
import { describe, expect, it } from 'vitest';
import { CASES } from '../conformance/cases/index.ts';
import { decodeChain } from '../conformance/chain-file.ts';
import { PROVOCATIONS } from '../conformance/codes.ts';
import { decodeBlockMessage } from './validation/block.ts';
import { parseTransaction, ValidationCode } from './validation/index.ts';
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

const codes = new Set(FILES.flatMap((file) => chainOf(file).flatMap((block) => [...filterOf(block)])));

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

  it.each(Object.entries(PROVOCATIONS))(
    'hold the code %s if a client can provoke it',
    (name, provocation) => {
      const code = ValidationCode[name as keyof typeof ValidationCode];
      expect(codes.has(code)).toBe('by' in provocation);
      if ('by' in provocation) expect(CASES.map((each) => each.name)).toContain(provocation.by);
    },
  );

  it('hold configurations, definitions, policies of keys and summaries of long ranges', () => {
    for (const file of FILES) {
      const transactions = chainOf(file).flatMap((block) =>
        decodeBlockMessage(block).data.map(parseTransaction),
      );
      const configurations = transactions.filter(({ type }) => type === common.HeaderType.CONFIG);
      const sets = transactions.flatMap(({ action }) => action?.sets.namespaces ?? []);
      const isSide = file.includes('side');
      // On `care` limits and a revocation list; on `side` also organisations, authorities and ACLs.
      expect(configurations.length).toBeGreaterThanOrEqual(isSide ? 8 : 4);
      const definitions = sets.filter(
        ({ namespace, writes }) => namespace === '_lifecycle' && writes.length > 0,
      );
      expect(definitions.length).toBeGreaterThanOrEqual(isSide ? 3 : 2);
      if (isSide) continue;
      expect(sets.some(({ metadataWrites }) => metadataWrites.length > 0)).toBe(true);
      const levels = sets.flatMap(({ rangeQueries }) =>
        rangeQueries.flatMap(({ reads }) => (reads.kind === 'merkle' ? [reads.summary.maxLevel] : [])),
      );
      expect(new Set(levels)).toEqual(new Set([1, 2]));
    }
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
