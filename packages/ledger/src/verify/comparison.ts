import { equalBytes } from '@healthchain/core';
import type { ChannelConfig } from '../config/index.ts';
import { LedgerError } from '../error.ts';
import type { SignatureCheck } from '../policy/index.ts';
import { sameVersion } from '../rwset/index.ts';
import { blockHeaderHash } from '../validation/index.ts';
import { decodeBlockMessage, type DecodedBlock } from '../validation/block.ts';
import { signersOf } from './block-signatures.ts';
import type { ReplayState } from './replay-state.ts';
import type { ChainToVerify, Finding, OtherCopy } from './types.ts';

/** Of a block that was verified: enough to compare it with somebody else's. */
export interface VerifiedBlock {
  readonly headerHash: Uint8Array;
  /** In force before it; undefined for block 0. */
  readonly config: ChannelConfig | undefined;
  /** Who signed it. */
  readonly signers: readonly string[];
}

/** A cut tail: blocks that others claim to have. */
export function compareHeights(height: bigint, claims: Readonly<Record<string, bigint>>): Finding[] {
  return Object.entries(claims).flatMap(([name, claimed]) =>
    claimed <= height
      ? []
      : [
          {
            code: 'TAIL' as const,
            block: height,
            problem: `the tail is cut: ${name} has ${claimed} blocks, this chain ${height}`,
          },
        ],
  );
}

/**
 * The first block at which another copy differs, and who signed both. Blocks name their predecessors, so all blocks behind the
 * first difference differ too, and it is found by halving.
 */
export async function compareCopy(
  chain: readonly VerifiedBlock[],
  name: string,
  other: OtherCopy,
  check: SignatureCheck,
): Promise<Finding[]> {
  let [same, differing] = [-1, Math.min(chain.length, Number(other.height))];
  let rival: DecodedBlock | undefined;
  for (let probe = differing - 1; differing - same > 1; probe = Math.floor((same + differing) / 2)) {
    const theirs = await readBlock(other, probe);
    if (theirs === undefined) return [];
    if (equalBytes(blockHeaderHash(theirs.header), chain[probe]?.headerHash ?? new Uint8Array())) {
      same = probe;
    } else {
      [differing, rival] = [probe, theirs];
    }
  }
  const own = chain[differing];
  const signers = rival && own && rivalSigners(own, rival, check);
  if (signers === undefined) return [];
  return [{ code: 'FORK', block: BigInt(differing), problem: `${name} has another block here, ${signers}` }];
}

/** In words; undefined for a rival that the orderers did not sign: that is wrong with the other copy, not with this one. */
function rivalSigners(
  { config, signers }: VerifiedBlock,
  rival: DecodedBlock,
  check: SignatureCheck,
): string | undefined {
  if (config === undefined) return 'so it is of another channel';
  try {
    const theirs = new Set(signersOf(config, rival, check).holding);
    const both = signers.filter((signer) => theirs.has(signer));
    return both.length === 0
      ? `signed by ${[...theirs].join(', ')}`
      : `and two headers of one number are signed by ${both.join(', ')}`;
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

/** Undefined for what cannot be read: it is the other copy's damage. */
async function readBlock(other: OtherCopy, number: number): Promise<DecodedBlock | undefined> {
  try {
    return decodeBlockMessage(await other.block(BigInt(number)));
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

/** The rows that are not as the blocks make them; `last` is the number of the last block. */
export async function compareState(
  state: ReplayState,
  live: NonNullable<ChainToVerify['state']>,
  last: bigint,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for await (const { namespace, key, value, version } of live) {
    seen.add(`${namespace}\0${key}`);
    const expected = state.get(namespace, key);
    const problem =
      expected === undefined
        ? 'the state has a key that no block wrote'
        : stateProblem(equalBytes(expected.value, value), sameVersion(expected.version, version));
    if (problem !== undefined)
      findings.push({
        code: 'STATE',
        block: expected?.version.block ?? last,
        key: { namespace, key },
        problem,
      });
  }
  for (const { namespace, key, version } of state.rows()) {
    if (seen.has(`${namespace}\0${key}`)) continue;
    const problem = 'the state lacks a key that this block wrote';
    findings.push({ code: 'STATE', block: version.block, key: { namespace, key }, problem });
  }
  return findings;
}

function stateProblem(isSameValue: boolean, isSameVersion: boolean): string | undefined {
  if (!isSameValue) return 'the state holds another value than this block wrote';
  return isSameVersion ? undefined : 'the state holds another version than this block made';
}
