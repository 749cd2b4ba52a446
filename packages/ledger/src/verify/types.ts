import type { ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import type { StateRow } from './replay-state.ts';

/**
 * What kind of thing is wrong. After one of the first line nothing can be concluded about later blocks, and none is examined.
 * ENCODING: bytes that a block has no place for. BORDER: an element that is no transaction's only encoding. ORDERING: schedule,
 * quorum or pass-over certificate. CODE: a validation code. TAIL: blocks that others have. FORK: two blocks of one number.
 */
export type FindingCode =
  | 'ENCODING'
  | 'LINK'
  | 'DATA_HASH'
  | 'BORDER'
  | 'GENESIS'
  | 'SIGNATURES'
  | 'ORDERING'
  | 'CONFIG'
  | 'ROGUE_SIGNATURE'
  | 'LAST_CONFIG'
  | 'CODE'
  | 'COMMIT_HASH'
  | 'TAIL'
  | 'FORK'
  | 'STATE';

/** One thing that is not as it has to be. */
export interface Finding {
  readonly code: FindingCode;
  readonly block: bigint;
  /** Its place in the block. */
  readonly transaction?: number;
  readonly key?: { readonly namespace: string; readonly key: string };
  /** For people: what is wrong there. */
  readonly problem: string;
}

/** The same channel's blocks as somebody else has them. */
export interface OtherCopy {
  /** Number of its blocks. */
  readonly height: bigint;
  /** Marshalled common.Block. @throws LedgerError when it cannot be read: it is not compared then */
  block(number: bigint): Promise<Uint8Array>;
}

export interface ChainReport {
  readonly ok: boolean;
  readonly channelId: string;
  /** Blocks that were read. */
  readonly height: bigint;
  readonly transactions: number;
  /** In chain order; the first is the first bad thing. At most MAX_FINDINGS. */
  readonly findings: readonly Finding[];
  /** What blocks alone cannot tell. */
  readonly notChecked: readonly string[];
}

export interface ChainToVerify {
  /** Marshalled common.Block messages from block 0 on, as a peer keeps them. */
  readonly blocks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Header hash that block 0 has to have; without it block 0 is believed. */
  readonly genesisHash?: Uint8Array;
  /** Numbers of blocks that others claim to have, by their names: a shorter chain has lost its tail. */
  readonly heights?: Readonly<Record<string, bigint>>;
  /** Copies of the same channel, by their names: where one has another block, the signatures under both tell who signed twice. */
  readonly others?: Readonly<Record<string, OtherCopy>>;
  /** The live state of the peer, compared with what the blocks make of it. */
  readonly state?: AsyncIterable<StateRow> | Iterable<StateRow>;
  /**
   * Further rules of the consensus in use, e.g. schedule and pass-over certificates; gets the configuration before the block.
   * @throws LedgerError BAD_BLOCK
   */
  readonly ordering?: (config: ChannelConfig, block: Uint8Array) => void | Promise<void>;
  /** How signatures are checked; in this thread where nothing else is said. Give it no cache if the chain is distrusted. */
  readonly verifier?: Verifier;
}
