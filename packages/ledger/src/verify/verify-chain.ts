import { equalBytes, toHex } from '@healthchain/core';
import type { ChannelConfig } from '../config/index.ts';
import { createVerifier, type Verifier } from '../crypto/index.ts';
import type { SignatureCheck } from '../policy/index.ts';
import {
  blockDataHash,
  blockHeaderHash,
  checkWellFormed,
  parseTransaction,
  validateBlock,
  validateGenesis,
  type BlockValidation,
  type ParsedTransaction,
} from '../validation/index.ts';
import { decodeBlockMessage, METADATA, type DecodedBlock } from '../validation/block.ts';
import { signersOf } from './block-signatures.ts';
import { compareCopy, compareHeights, compareState, type VerifiedBlock } from './comparison.ts';
import { checkEncoding } from './encoding.ts';
import { BlockFindings } from './findings.ts';
import { notChecked } from './not-checked.ts';
import { compareOutcome } from './outcome.ts';
import { ReplayState } from './replay-state.ts';
import type { ChainReport, ChainToVerify, Finding } from './types.ts';

/** Findings after which a chain is not examined any further. */
const MAX_FINDINGS = 100;

interface Progress {
  readonly chain: ChainToVerify;
  readonly verifier: Verifier;
  readonly state: ReplayState;
  readonly transactionIds: Set<string>;
  readonly findings: Finding[];
  /** Kept only when there are other copies to compare them with. */
  readonly verified: VerifiedBlock[];
  config: ChannelConfig | undefined;
  height: bigint;
  transactions: number;
  headerHash: Uint8Array;
  commitHash: Uint8Array | undefined;
  lastConfig: bigint;
}

/**
 * Verifies a chain from its blocks alone, by the rules that peers validate with and none of their stores: hashes, orderer
 * signatures by the configuration in force, configuration updates, every transaction's code, the state that follows, and the
 * chain of commit hashes. Ends behind a block after which nothing can be concluded.
 */
export async function verifyChain(chain: ChainToVerify): Promise<ChainReport> {
  const progress = begin(chain);
  let isWhole = true;
  for await (const bytes of chain.blocks) {
    isWhole = (await verifyBlock(progress, bytes)) && progress.findings.length < MAX_FINDINGS;
    progress.height++;
    if (!isWhole) break;
  }
  await compareCopies(progress);
  if (isWhole) await compareWithLive(progress);
  return report(progress, isWhole);
}

function begin(chain: ChainToVerify): Progress {
  return {
    chain,
    verifier: chain.verifier ?? createVerifier(),
    state: new ReplayState(),
    transactionIds: new Set(),
    findings: [],
    verified: [],
    config: undefined,
    height: 0n,
    transactions: 0,
    headerHash: new Uint8Array(),
    commitHash: undefined,
    lastConfig: 0n,
  };
}

function report({ chain, config, height, transactions, findings }: Progress, isWhole: boolean): ChainReport {
  return {
    ok: findings.length === 0 && config !== undefined,
    channelId: config?.channelId ?? '',
    height,
    transactions,
    findings: findings.slice(0, MAX_FINDINGS),
    notChecked: notChecked(chain, isWhole),
  };
}

/** @returns whether the next block can be judged on top of this one */
async function verifyBlock(progress: Progress, bytes: Uint8Array): Promise<boolean> {
  const { config, findings } = progress;
  const found = new BlockFindings(progress.height, findings);
  const block = await found.attempt('ENCODING', () => decodeBlockMessage(bytes));
  if (block === undefined) return false;
  await found.attempt('ENCODING', () => checkEncoding(bytes, block));
  await checkLinks(found, progress, block);
  const signers = config && (await checkOrdering(found, progress, config, { block, bytes }));
  const transactions = block.data.map(parseTransaction);
  const validation = await found.attempt('CONFIG', () =>
    config === undefined ? validateGenesis(bytes) : replay(progress, config, block, transactions),
  );
  if (validation === undefined) return false;
  const lastConfig = validation.config === config ? progress.lastConfig : block.header.number;
  const commitHash = await compareOutcome(found, block, validation, lastConfig);
  if (found.isBroken) return false;
  if (progress.chain.others !== undefined)
    progress.verified.push({ headerHash: blockHeaderHash(block.header), config, signers: signers ?? [] });
  advance(progress, block, transactions, { ...validation, commitHash });
  return true;
}

/** Number, previous hash, data hash, borders. */
async function checkLinks(found: BlockFindings, progress: Progress, block: DecodedBlock): Promise<void> {
  const { chain, height, headerHash } = progress;
  const { header, data } = block;
  if (header.number !== height) found.add('LINK', `it calls itself block ${header.number}`);
  if (!equalBytes(header.previousHash, headerHash))
    found.add('LINK', 'it does not follow from the block before: the previous hash differs');
  if (!equalBytes(header.dataHash, blockDataHash(data))) {
    const problem = 'its transactions are not those that its header names: the data hash differs';
    found.add('DATA_HASH', problem);
  }
  const own = blockHeaderHash(header);
  if (height === 0n && chain.genesisHash !== undefined && !equalBytes(own, chain.genesisHash))
    found.add('GENESIS', `it is not the given genesis block: its hash is ${toHex(own)}`);
  await found.attempt('BORDER', () => checkWellFormed(height, data));
}

/** @returns who signed the block, where that suffices */
async function checkOrdering(
  found: BlockFindings,
  { verifier, chain }: Progress,
  config: ChannelConfig,
  { block, bytes }: { readonly block: DecodedBlock; readonly bytes: Uint8Array },
): Promise<readonly string[] | undefined> {
  const signers = await found.attempt('SIGNATURES', () => signersOf(config, block, checkBy(verifier)));
  for (const signer of signers?.rogue ?? [])
    found.add('ROGUE_SIGNATURE', `the signature in the name of ${signer} does not hold`);
  await found.attempt('ORDERING', () => chain.ordering?.(config, bytes));
  return signers?.holding;
}

const checkBy =
  (verifier: Verifier): SignatureCheck =>
  (identity, message, signature) =>
    verifier.verify({ publicKey: identity.publicKey, message, signature });

function replay(
  { state, transactionIds, commitHash, verifier }: Progress,
  config: ChannelConfig,
  block: DecodedBlock,
  transactions: readonly ParsedTransaction[],
): Promise<BlockValidation> {
  return validateBlock({
    number: block.header.number,
    transactions,
    config,
    state,
    hasTransaction: (txId) => transactionIds.has(txId),
    previousCommitHash: commitHash,
    verifier,
    recordedCodes: block.metadata[METADATA.transactionsFilter] ?? new Uint8Array(),
  });
}

function advance(
  progress: Progress,
  { header }: DecodedBlock,
  transactions: readonly ParsedTransaction[],
  validation: BlockValidation,
): void {
  progress.state.apply(validation.updates);
  for (const { txId } of transactions) if (txId !== '') progress.transactionIds.add(txId);
  if (validation.config !== progress.config) progress.lastConfig = header.number;
  progress.config = validation.config;
  progress.transactions += transactions.length;
  progress.headerHash = blockHeaderHash(header);
  progress.commitHash = validation.commitHash;
}

async function compareCopies({ chain, verified, verifier, findings }: Progress): Promise<void> {
  for (const [name, other] of Object.entries(chain.others ?? {}))
    findings.push(...(await compareCopy(verified, name, other, checkBy(verifier))));
  findings.sort((a, b) => Number(a.block - b.block));
}

async function compareWithLive({ chain, state, height, findings }: Progress): Promise<void> {
  findings.push(...compareHeights(height, chain.heights ?? {}));
  if (chain.state !== undefined) findings.push(...(await compareState(state, chain.state, height - 1n)));
}
