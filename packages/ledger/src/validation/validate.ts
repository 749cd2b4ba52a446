import {
  applyConfigEnvelope,
  channelConfigFromBlock,
  HEADER_TYPE,
  type ChannelConfig,
} from '../config/index.ts';
import { LedgerError } from '../error.ts';
import { approvalPreimages, LIFECYCLE } from '../lifecycle/index.ts';
import type { SignatureCheck } from '../policy/index.ts';
import { hashedNamespace, privateNamespace, type Version } from '../rwset/index.ts';
import { UpdateBatch } from './batch.ts';
import { decodeBlockMessage } from './block.ts';
import { ValidationCode } from './codes.ts';
import { commitHash } from './commit-hash.ts';
import { EndorsementJudge } from './endorsement.ts';
import { checkReads } from './mvcc.ts';
import { parseTransaction } from './parse.ts';
import { isSignedByCreator, verifySignatures } from './signatures.ts';
import type {
  BlockToValidate,
  BlockValidation,
  HistoryEntry,
  ParsedTransaction,
  StateReader,
  StateUpdate,
} from './types.ts';

/** Where the configuration stands in the state, as with Fabric. */
const CONFIG_NAMESPACE = '';
const CONFIG_KEY = 'CHANNEL_CONFIG_ENV_BYTES';

/**
 * Decides every transaction of a block and what the block does to the state. Pure: the outcome depends on the block, the
 * configuration and state before it, and nothing else; no clock is read.
 * @throws LedgerError BAD_BLOCK, CONFIG_REFUSED, BAD_CONFIG, STATE_UNREADABLE: the block cannot be committed at all
 */
export async function validateBlock(block: BlockToValidate): Promise<BlockValidation> {
  const check = await verifySignatures(block.config, block.transactions, block.verifier);
  const { codes, config } = judgeTransactions(block, check);
  markDuplicates(block.transactions, codes);
  const { batch, history, approvals } = await applyInOrder(block, codes);
  return {
    codes,
    updates: [...[...batch.spaces.values()].flatMap((space) => [...space.updates.values()]), ...approvals],
    history,
    commitHash:
      block.number === 0n ? undefined : commitHash(codes, batch.spaces.values(), block.previousCommitHash),
    config,
  };
}

/** Block 0 on a fresh ledger: valid by definition, it carries the first configuration. @throws LedgerError BAD_CONFIG */
export function validateGenesis(block: Uint8Array): BlockValidation {
  const config = channelConfigFromBlock(block);
  const [envelope] = decodeBlockMessage(block).data;
  const batch = new UpdateBatch(EMPTY_STATE);
  batch.put(CONFIG_NAMESPACE, CONFIG_KEY, parseTransaction(envelope as Uint8Array).data, {
    block: 0n,
    transaction: 0n,
  });
  return {
    codes: Uint8Array.of(ValidationCode.VALID),
    updates: [...batch.spaces.values()].flatMap((space) => [...space.updates.values()]),
    history: [],
    commitHash: undefined,
    config,
  };
}

const EMPTY_STATE: StateReader = {
  get: () => undefined,
  range: () => [],
  mayHaveMetadata: () => false,
};

function judgeTransactions(
  block: BlockToValidate,
  check: SignatureCheck,
): { codes: Uint8Array; config: ChannelConfig } {
  const judge = new EndorsementJudge(block.config, block.state, check);
  const codes = new Uint8Array(block.transactions.length);
  let config = block.config;
  for (let i = 0; i < codes.length; i++) {
    const transaction = block.transactions[i] as ParsedTransaction;
    const code = judgeTransaction(block, i, judge, check);
    codes[i] = code;
    if (code === ValidationCode.VALID && transaction.type === HEADER_TYPE.config)
      config = nextConfig(block, transaction, check);
  }
  return { codes, config };
}

/** The order of these checks decides which code a transaction with several faults gets. */
function judgeTransaction(
  block: BlockToValidate,
  index: number,
  judge: EndorsementJudge,
  check: SignatureCheck,
): number {
  const transaction = block.transactions[index] as ParsedTransaction;
  if (transaction.syntaxCode !== ValidationCode.VALID) return transaction.syntaxCode;
  const isOfChannel = transaction.channelId === block.config.channelId;
  if (!isOfChannel || !isSignedByCreator(block.config, transaction, check))
    return ValidationCode.BAD_CREATOR_SIGNATURE;
  if (transaction.bodyCode !== ValidationCode.VALID) return transaction.bodyCode;
  if (transaction.type === HEADER_TYPE.config) return ValidationCode.VALID;
  if (block.hasTransaction(transaction.txId)) return ValidationCode.DUPLICATE_TXID;
  if (transaction.actionCode !== ValidationCode.VALID || transaction.action === undefined)
    return transaction.actionCode;
  const failures = judge.judge(transaction.action);
  const recorded = block.recordedCodes?.[index];
  return failures.find((code) => code === recorded) ?? failures[0] ?? ValidationCode.VALID;
}

/** An orderer puts a CONFIG transaction into a block of its own. @throws LedgerError BAD_BLOCK otherwise */
function nextConfig(
  block: BlockToValidate,
  transaction: ParsedTransaction,
  check: SignatureCheck,
): ChannelConfig {
  if (block.transactions.length !== 1) {
    throw new LedgerError(
      'BAD_BLOCK',
      `Block ${block.number} holds a configuration beside other transactions`,
    );
  }
  return applyConfigEnvelope(block.config, transaction.data, { check });
}

/** Of valid transactions with one id in one block the first counts. */
function markDuplicates(transactions: readonly ParsedTransaction[], codes: Uint8Array): void {
  const seen = new Set<string>();
  for (let i = 0; i < codes.length; i++) {
    const { txId, type } = transactions[i] as ParsedTransaction;
    if (codes[i] !== ValidationCode.VALID || type === HEADER_TYPE.config) continue;
    if (seen.has(txId)) codes[i] = ValidationCode.DUPLICATE_TXID;
    seen.add(txId);
  }
}

interface Effects {
  readonly batch: UpdateBatch;
  readonly history: HistoryEntry[];
  readonly approvals: StateUpdate[];
}

/** Checks the reads of what is valid so far, one after the other, each on top of the writes of those before it. */
async function applyInOrder(
  { number, transactions, state }: BlockToValidate,
  codes: Uint8Array,
): Promise<Effects> {
  const effects: Effects = { batch: new UpdateBatch(state), history: [], approvals: [] };
  for (let i = 0; i < codes.length; i++) {
    const transaction = transactions[i] as ParsedTransaction;
    if (codes[i] !== ValidationCode.VALID) continue;
    const version = { block: number, transaction: BigInt(i) };
    if (transaction.action === undefined) {
      effects.batch.put(CONFIG_NAMESPACE, CONFIG_KEY, transaction.data, version);
      continue;
    }
    const { sets } = transaction.action;
    const checked = checkReads(sets, effects.batch, state);
    const code = typeof checked === 'number' ? checked : await checked;
    codes[i] = code;
    if (code !== ValidationCode.VALID) continue;
    effects.batch.apply(sets, version);
    for (const set of sets.namespaces) {
      for (const { key } of set.writes)
        effects.history.push({ namespace: set.namespace, key, transaction: i });
    }
    effects.approvals.push(...approvedValues(transaction, version, effects.batch));
  }
  return effects;
}

/**
 * What an organisation approved stands on the chain as hashes, and in clear as the arguments of its own transaction: every peer
 * keeps the values that the hashes bear out, for the organisation's queries.
 */
function approvedValues({ action }: ParsedTransaction, version: Version, batch: UpdateBatch): StateUpdate[] {
  const set = action?.sets.namespaces.find(({ namespace }) => namespace === LIFECYCLE);
  if (action === undefined || set === undefined || set.collections.length === 0) return [];
  return set.collections.flatMap(({ collection }) =>
    approvalPreimages(action.args)
      .filter(({ keyHash, valueHash }) => {
        const value = batch.get(hashedNamespace(LIFECYCLE, collection), keyHash)?.value;
        return value !== undefined && Buffer.compare(value, valueHash) === 0;
      })
      .map(({ key, value }) => ({
        namespace: privateNamespace(LIFECYCLE, collection),
        key,
        value,
        metadata: new Uint8Array(),
        version,
      })),
  );
}
