import { equalBytes } from '@healthchain/core';
import { ValidationCode, type BlockValidation } from '../validation/index.ts';
import { METADATA, type DecodedBlock } from '../validation/block.ts';
import { WireWriter } from '../wire/index.ts';
import { lastConfigNumber } from './block-signatures.ts';
import { metadataOf } from './encoding.ts';
import type { BlockFindings } from './findings.ts';

const NOTHING = new Uint8Array();
const HASH_BYTES = 32;

/**
 * What the peer has written into the block's metadata against what it should have; `lastConfig` is the number of the block that
 * holds the configuration in force behind this one.
 * @returns the commit hash on which the next block's is judged: the recorded one, so that what is wrong is named once
 */
export async function compareOutcome(
  found: BlockFindings,
  block: DecodedBlock,
  validation: BlockValidation,
  lastConfig: bigint,
): Promise<Uint8Array | undefined> {
  compareCodes(found, block, validation.codes);
  await found.attempt('LAST_CONFIG', () => {
    const named = lastConfigNumber(block);
    if (named !== lastConfig)
      found.add('LAST_CONFIG', `it names block ${named} as the last configuration, which is ${lastConfig}`);
    // Older readers look here; Fabric v3 leaves it empty.
    const older = block.metadata[METADATA.lastConfig] ?? NOTHING;
    if (older.length > 0 && !equalBytes(older, metadataOf(new WireWriter().uint(1, lastConfig).finish())))
      found.add('LAST_CONFIG', `its own entry for the last configuration does not name block ${lastConfig}`);
  });
  return compareCommitHash(found, block, validation.commitHash);
}

function compareCommitHash(
  found: BlockFindings,
  { metadata }: DecodedBlock,
  due: Uint8Array | undefined,
): Uint8Array | undefined {
  const entry = metadata[METADATA.commitHash] ?? NOTHING;
  if (equalBytes(entry, due === undefined ? NOTHING : metadataOf(due))) return due;
  found.add('COMMIT_HASH', 'its commit hash is not that of its codes and writes');
  const recorded = entry.subarray(-HASH_BYTES);
  return equalBytes(entry, metadataOf(recorded)) ? recorded : due;
}

function compareCodes(found: BlockFindings, { header, metadata }: DecodedBlock, expected: Uint8Array): void {
  const recorded = metadata[METADATA.transactionsFilter] ?? NOTHING;
  const isBareGenesis = header.number === 0n && recorded.length === 0;
  if (recorded.length !== expected.length && !isBareGenesis)
    found.add('CODE', `it has ${recorded.length} validation codes for ${expected.length} transactions`);
  for (const [transaction, code] of recorded.entries()) {
    const due = expected[transaction];
    if (due !== undefined && code !== due)
      found.add('CODE', `its validation code is ${nameOf(code)} and has to be ${nameOf(due)}`, transaction);
  }
}

/** '11 (MVCC_READ_CONFLICT)' */
function nameOf(code: number): string {
  const [name] = Object.entries(ValidationCode).find(([, value]) => value === code) ?? ['no code'];
  return `${code} (${name})`;
}
