import { concat, equalBytes } from '@healthchain/core';
import type { ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import {
  blockParts,
  decodeBlock,
  MetadataIndex,
  withMetadata,
  type DeliveredBlock,
  type RawBlock,
} from '../ordering/block.ts';
import { configFromBlockOnce, configFromEnvelopeOnce } from '../ordering/configs.ts';
import { checkFinality, councilOf } from '../ordering/council.ts';
import { dataHashOnce, mustBeWellFormed, parsedOnce } from '../ordering/parsed.ts';
import { decodeOrderingValue, openBlock } from '../ordering/turn-metadata.ts';
import type { BlockCommit, LedgerStore, LedgerView, Location, StateRow } from '../storage/index.ts';
import {
  blockHeaderHash,
  validateBlock,
  validateGenesis,
  ValidationCode,
  type BlockValidation,
  type ParsedTransaction,
  type StateReader,
} from '../validation/index.ts';
import { WireWriter } from '../wire/index.ts';

/** A block as this peer has committed it. */
export interface CommittedBlock extends DeliveredBlock {
  readonly transactions: readonly ParsedTransaction[];
  readonly codes: Uint8Array;
}

interface CatchUpSettings {
  readonly genesis: Uint8Array;
  readonly verifier: Verifier;
  /** Told after each block that is applied again: number of blocks applied, and of all. */
  readonly onReplay: (done: number, total: number) => void;
}

/**
 * From a final block to a durable one: chain, finality, validation, state. Uses nothing but the blocks before it; two peers
 * with the same blocks have the same codes, state and commit hash.
 */
export class Committer {
  readonly #store: LedgerStore;
  readonly #verifier: Verifier;
  #config: ChannelConfig;

  private constructor(store: LedgerStore, verifier: Verifier, config: ChannelConfig) {
    this.#store = store;
    this.#verifier = verifier;
    this.#config = config;
  }

  /** Joins the channel by its genesis block the first time, and applies the blocks that the store's log is ahead by. */
  static async catchUp(
    store: LedgerStore,
    pending: readonly Location[],
    { genesis, verifier, onReplay }: CatchUpSettings,
  ): Promise<Committer> {
    const hasGenesis = store.height > 0;
    if (!hasGenesis) await Committer.join(store, genesis, pending[0]);
    const committer = await Committer.open(store, verifier);
    const total = store.height + pending.length - (hasGenesis ? 0 : 1);
    for (const place of hasGenesis ? pending : pending.slice(1)) {
      await committer.replay(place);
      onReplay(store.height, total);
    }
    return committer;
  }

  /** Over a store that holds block 0 at least. */
  static async open(store: LedgerStore, verifier: Verifier): Promise<Committer> {
    const last = decodeBlock(await store.block(store.height - 1));
    const lastConfig = last.header.number === 0n ? 0 : decodeOrderingValue(openBlock(last).value).lastConfig;
    return new Committer(store, verifier, configFromBlockOnce(await store.block(lastConfig)));
  }

  /**
   * Puts block 0 into a store that is empty, or whose log holds it at `place` already.
   * @throws LedgerError BAD_CONFIG; BAD_BLOCK when the log begins with another block
   */
  static async join(store: LedgerStore, genesis: Uint8Array, place?: Location): Promise<void> {
    const raw = decodeBlock(genesis);
    const validation = validateGenesis(genesis);
    const block = withMetadata(raw, MetadataIndex.transactionsFilter, validation.codes);
    const commit = commitOf(block, blockParts(block), raw.data.map(parsedOnce), validation);
    if (place === undefined) return store.commit(commit);
    const stored = decodeBlock(await store.pendingBlock(place));
    if (!equalBytes(blockHeaderHash(stored.header), commit.headerHash)) throw refused(0n, 'its header');
    return store.apply(commit, place);
  }

  get config(): ChannelConfig {
    return this.#config;
  }

  /** @throws LedgerError BAD_BLOCK: this copy is no block of the chain, another may be */
  async accept(delivered: DeliveredBlock): Promise<void> {
    const { header, data } = delivered.block;
    const savepoint = this.#store.savepoint;
    if (savepoint === undefined || header.number !== BigInt(savepoint.height))
      throw refused(header.number, 'its number');
    if (!equalBytes(header.previousHash, savepoint.headerHash))
      throw refused(header.number, 'its previous hash');
    if (!equalBytes(header.dataHash, dataHashOnce(data))) throw refused(header.number, 'its data hash');
    mustBeWellFormed(header.number, data);
    await checkFinality(councilOf(this.#config), this.#verifier, openBlock(delivered.block));
  }

  /** Validates and stores a block that has been accepted; durable on return. `onWritten`: only the disk has to do its part. */
  async commit(delivered: DeliveredBlock, onWritten: () => void): Promise<CommittedBlock> {
    const { committed, commit } = await this.#validate(delivered);
    await this.#store.commit(commit, onWritten);
    return committed;
  }

  /**
   * Applies the next block, which the log holds already: after a crash, or when the state is rebuilt.
   * @throws LedgerError BAD_BLOCK when its codes or its commit hash come out otherwise than it says
   */
  async replay(place: Location): Promise<void> {
    const bytes = await this.#store.pendingBlock(place);
    const block = decodeBlock(bytes);
    const delivered = { number: Number(block.header.number), parts: [bytes], block };
    await this.accept(delivered);
    const { commit } = await this.#validate(delivered);
    if (!equalBytes(concat(...commit.parts), bytes))
      throw refused(block.header.number, 'what it says of its validation');
    await this.#store.apply(commit, place);
  }

  async #validate(delivered: DeliveredBlock): Promise<{ committed: CommittedBlock; commit: BlockCommit }> {
    const transactions = delivered.block.data.map(parsedOnce);
    const view = this.#store.view();
    try {
      const state = readOnce(view);
      const validation = await validateBlock({
        number: delivered.block.header.number,
        transactions,
        config: this.#config,
        state,
        hasTransaction: (txId) => this.#store.transaction(txId) !== undefined,
        previousCommitHash: this.#store.savepoint?.commitHash,
        verifier: this.#verifier,
      });
      if (validation.config !== this.#config) {
        const { channelId, envelope } = validation.config;
        this.#config = configFromEnvelopeOnce(channelId, envelope);
      }
      const block = sealed(delivered.block, validation);
      const parts = blockParts(block);
      const number = delivered.number;
      return {
        committed: { number, parts, block, transactions, codes: validation.codes },
        commit: commitOf(block, parts, transactions, validation),
      };
    } finally {
      await view.close();
    }
  }
}

/** Validation asks for a written key's row when it looks for its policy, and again when it applies the write. */
function readOnce(view: LedgerView): StateReader {
  const known = new Map<string, StateRow | undefined>();
  return {
    get(namespace, key) {
      const name = `${namespace}\0${key}`;
      if (!known.has(name)) known.set(name, view.get(namespace, key));
      return known.get(name);
    },
    range: (namespace, start, end) => view.range(namespace, start, end),
    mayHaveMetadata: (namespace) => view.mayHaveMetadata(namespace),
  };
}

function sealed(block: RawBlock, validation: BlockValidation): RawBlock {
  const filtered = withMetadata(block, MetadataIndex.transactionsFilter, validation.codes);
  if (validation.commitHash === undefined) return filtered;
  const commitHash = new WireWriter().bytes(1, validation.commitHash).finish();
  return withMetadata(filtered, MetadataIndex.commitHash, commitHash);
}

function commitOf(
  block: RawBlock,
  parts: readonly Uint8Array[],
  transactions: readonly ParsedTransaction[],
  validation: BlockValidation,
): BlockCommit {
  return {
    number: Number(block.header.number),
    parts,
    data: block.data,
    headerHash: blockHeaderHash(block.header),
    commitHash: validation.commitHash,
    updates: validation.updates,
    history: validation.history,
    transactions: transactions.map(({ txId, action }, i) => {
      const code = validation.codes[i] ?? ValidationCode.INVALID_OTHER_REASON;
      return { txId, code, isKnownNew: code === ValidationCode.VALID && action !== undefined };
    }),
  };
}

function refused(number: bigint, what: string): LedgerError {
  return new LedgerError('BAD_BLOCK', `Block ${number} does not continue the chain: ${what} does not match`);
}
