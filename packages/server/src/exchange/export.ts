import type { ProofBundle } from '@healthchain/custody';

/** Everything that an offline check of one person's access log needs beside the genesis block. */
export interface AccessLogExport {
  readonly bundle: ProofBundle;
  /** The checkpoint transactions that the bundle's proofs refer to. */
  readonly checkpoints: readonly {
    readonly custodian: string;
    readonly transactionId: string;
    readonly blockNumber: number;
  }[];
  /** Marshalled common.Block messages, base64, from block 0 to the last one that a checkpoint stands in. */
  readonly blocks: readonly string[];
}
