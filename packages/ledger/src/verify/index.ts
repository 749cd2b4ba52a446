/** One finding; the first is the first bad thing in chain order. */
export interface Finding {
  readonly block: bigint;
  readonly transaction?: number;
  readonly key?: { readonly namespace: string; readonly key: string };
  readonly problem: string;
}

export interface ChainReport {
  readonly ok: boolean;
  readonly height: bigint;
  readonly transactions: number;
  readonly findings: readonly Finding[];
  /** What cannot be recomputed from blocks alone. */
  readonly notChecked: readonly string[];
}

export interface ChainToVerify {
  /** Marshalled common.Block messages from block 0 on. */
  readonly blocks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Header hash that block 0 must have. */
  readonly genesisHash?: Uint8Array;
  /** Heights (number of blocks) that others claim, by name: a shorter chain has a cut tail. */
  readonly heights?: Readonly<Record<string, bigint>>;
  /** The live state of the peer, to be compared with the replayed one. */
  readonly state?: AsyncIterable<{
    readonly namespace: string;
    readonly key: string;
    readonly value: Uint8Array;
    readonly version: { readonly block: bigint; readonly transaction: bigint };
  }>;
}

export declare function verifyChain(chain: ChainToVerify): Promise<ChainReport>;

/** Whether the block metadata holds the orderer signatures that the configuration asks for (Raft or BFT form). @throws LedgerError BAD_BLOCK */
export declare function verifyBlockSignatures(
  config: import('../config/index.ts').ChannelConfig,
  block: Uint8Array,
): void;
