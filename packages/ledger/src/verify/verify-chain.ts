import { equalBytes, toHex } from '@healthchain/core';
import { decodePair, type ChannelConfig } from '../config/index.ts';
import { createVerifier, type Verifier } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import type { SignatureCheck } from '../policy/index.ts';
import { sameVersion } from '../rwset/index.ts';
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
import { checkBlockSignatures, lastConfigNumber } from './block-signatures.ts';
import { ReplayState } from './replay-state.ts';
import type { ChainReport, ChainToVerify, Finding } from './types.ts';

/** Findings after which a chain is not examined any further. */
const MAX_FINDINGS = 100;

const NOT_CHECKED = [
  'whether endorsers ran the contract that they endorsed: a quorum of organisations vouches for it',
  'whether the times that transactions name are true',
  'values of private collections: the chain holds their hashes',
];
const ORDERING_NOT_CHECKED = 'the schedule of orderers: only their signatures';

interface Progress {
  readonly chain: ChainToVerify;
  readonly verifier: Verifier;
  readonly state: ReplayState;
  readonly transactionIds: Set<string>;
  readonly findings: Finding[];
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
 * chain of commit hashes. Ends at a block after which nothing can be concluded.
 */
export async function verifyChain(chain: ChainToVerify): Promise<ChainReport> {
  const progress = begin(chain);
  for await (const bytes of chain.blocks) {
    const mayGoOn = await verifyBlock(progress, bytes);
    progress.height++;
    if (!mayGoOn || progress.findings.length >= MAX_FINDINGS) return report(progress);
  }
  compareHeights(progress);
  if (chain.state !== undefined) await compareState(progress, chain.state);
  return report(progress);
}

function begin(chain: ChainToVerify): Progress {
  return {
    chain,
    verifier: chain.verifier ?? createVerifier(),
    state: new ReplayState(),
    transactionIds: new Set(),
    findings: [],
    config: undefined,
    height: 0n,
    transactions: 0,
    headerHash: new Uint8Array(),
    commitHash: undefined,
    lastConfig: 0n,
  };
}

function report({ chain, config, height, transactions, findings }: Progress): ChainReport {
  return {
    ok: findings.length === 0 && config !== undefined,
    channelId: config?.channelId ?? '',
    height,
    transactions,
    findings: findings.slice(0, MAX_FINDINGS),
    notChecked: chain.ordering === undefined ? [...NOT_CHECKED, ORDERING_NOT_CHECKED] : NOT_CHECKED,
  };
}

/** @returns whether the next block can be judged on top of this one */
async function verifyBlock(progress: Progress, bytes: Uint8Array): Promise<boolean> {
  const number = progress.height;
  try {
    const block = decodeBlockMessage(bytes);
    checkLinks(progress, block);
    if (progress.config !== undefined) await checkOrdering(progress, progress.config, block, bytes);
    const transactions = block.data.map(parseTransaction);
    const validation =
      progress.config === undefined
        ? validateGenesis(bytes)
        : await replay(progress, progress.config, block, transactions);
    compareOutcome(progress, block, validation);
    advance(progress, block, transactions, validation);
    return true;
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    progress.findings.push({ block: number, problem: error.message });
    return false;
  }
}

/** Number, previous hash, data hash, borders. @throws LedgerError BAD_BLOCK */
function checkLinks({ chain, height, headerHash }: Progress, { header, data }: DecodedBlock): void {
  if (header.number !== height) throw bad(`it calls itself block ${header.number}`);
  if (!equalBytes(header.previousHash, headerHash))
    throw bad('it does not follow from the block before: the previous hash differs');
  if (!equalBytes(header.dataHash, blockDataHash(data)))
    throw bad('its transactions are not those that its header names: the data hash differs');
  if (
    height === 0n &&
    chain.genesisHash !== undefined &&
    !equalBytes(blockHeaderHash(header), chain.genesisHash)
  ) {
    throw bad(`it is not the given genesis block: its hash is ${toHex(blockHeaderHash(header))}`);
  }
  checkWellFormed(height, data);
}

async function checkOrdering(
  progress: Progress,
  config: ChannelConfig,
  block: DecodedBlock,
  bytes: Uint8Array,
): Promise<void> {
  const check: SignatureCheck = (identity, message, signature) =>
    progress.verifier.verify({ publicKey: identity.publicKey, message, signature });
  checkBlockSignatures(config, block, check);
  await progress.chain.ordering?.(config, bytes);
}

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

/** What the peer has written into the block's metadata against what it should have. */
function compareOutcome(
  { findings, lastConfig, config }: Progress,
  block: DecodedBlock,
  validation: BlockValidation,
): void {
  const { number } = block.header;
  const filter = block.metadata[METADATA.transactionsFilter] ?? new Uint8Array();
  if (filter.length !== validation.codes.length && !(number === 0n && filter.length === 0)) {
    findings.push({
      block: number,
      problem: `it has ${filter.length} validation codes for ${validation.codes.length} transactions`,
    });
  }
  for (const [transaction, code] of filter.entries()) {
    const expected = validation.codes[transaction];
    if (expected !== undefined && code !== expected) {
      findings.push({
        block: number,
        transaction,
        problem: `its validation code is ${code} and has to be ${expected}`,
      });
    }
  }
  const [commitHash] = decodePair(block.metadata[METADATA.commitHash] ?? new Uint8Array());
  if (!equalBytes(commitHash, validation.commitHash ?? new Uint8Array())) {
    findings.push({ block: number, problem: 'its commit hash is not that of its codes and writes' });
  }
  const expectedConfig = validation.config === config ? lastConfig : number;
  if (lastConfigNumber(block) !== expectedConfig) {
    findings.push({
      block: number,
      problem: `it names block ${lastConfigNumber(block)} as the last configuration, which is ${expectedConfig}`,
    });
  }
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

function compareHeights({ chain, findings, height }: Progress): void {
  for (const [name, claimed] of Object.entries(chain.heights ?? {})) {
    if (claimed > height)
      findings.push({
        block: height,
        problem: `the tail is cut: ${name} has ${claimed} blocks, this chain ${height}`,
      });
  }
}

async function compareState(
  { state, findings, height }: Progress,
  live: NonNullable<ChainToVerify['state']>,
): Promise<void> {
  const seen = new Set<string>();
  const block = height - 1n;
  for await (const { namespace, key, value, version } of live) {
    seen.add(`${namespace}\0${key}`);
    const expected = state.get(namespace, key);
    const problem =
      expected === undefined
        ? 'the state has a key that no block wrote'
        : stateProblem(equalBytes(expected.value, value), sameVersion(expected.version, version));
    if (problem !== undefined)
      findings.push({ block: expected?.version.block ?? block, key: { namespace, key }, problem });
  }
  for (const { namespace, key, version } of state.rows()) {
    if (!seen.has(`${namespace}\0${key}`))
      findings.push({
        block: version.block,
        key: { namespace, key },
        problem: 'the state lacks a key that this block wrote',
      });
  }
}

function stateProblem(isSameValue: boolean, isSameVersion: boolean): string | undefined {
  if (!isSameValue) return 'the state holds another value than this block wrote';
  return isSameVersion ? undefined : 'the state holds another version than this block made';
}

function bad(problem: string): LedgerError {
  return new LedgerError('BAD_BLOCK', problem);
}
