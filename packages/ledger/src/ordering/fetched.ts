import { equalBytes } from '@healthchain/core';
import type { Verifier } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { decodeBlock, type RawBlock } from './block.ts';
import { checkFinality, type ConsenterCouncil } from './council.ts';
import { dataHashOnce, mustBeWellFormed } from './parsed.ts';
import { decodeOrderingValue, makeProposal, openBlock, sealBlock } from './turn-metadata.ts';

/**
 * The next block as another authority gave it, after everything in it has been checked: signatures cover the header alone, so the
 * data must be the header's, and metadata that no signature covers is made again. @throws LedgerError BAD_BLOCK, MALFORMED
 */
export async function openFetched(
  council: ConsenterCouncil,
  verifier: Verifier,
  previousHash: Uint8Array,
  bytes: Uint8Array,
): Promise<RawBlock> {
  const final = openBlock(decodeBlock(bytes));
  const { header, data } = final.block;
  if (!equalBytes(header.previousHash, previousHash))
    throw new LedgerError('BAD_BLOCK', `Block ${header.number} does not follow the one before it`);
  mustBeWellFormed(header.number, data);
  if (!equalBytes(dataHashOnce(data), header.dataHash))
    throw new LedgerError('BAD_BLOCK', `Block ${header.number} does not hold the data that its header names`);
  await checkFinality(council, verifier, final);
  const { lastConfig, ...at } = decodeOrderingValue(final.value);
  const { block } = makeProposal(header, data, { lastConfig, ...at });
  return sealBlock({ ...final, block });
}
