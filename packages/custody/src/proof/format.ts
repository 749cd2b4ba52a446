import type { Checkpoint } from '../log/checkpoint.ts';
import type { SignedEntry } from '../log/format.ts';

/** A Merkle map proof with its bytes as hex. */
export interface MapProofText {
  readonly entry: { readonly key: string; readonly value: string } | null;
  readonly siblings: readonly string[];
}

export interface ProvenEntry extends SignedEntry {
  /** Inclusion in the checkpoint's tree, leaf to root, hex (RFC 9162 section 2.1.3). */
  readonly inclusion: readonly string[];
}

/** One custodian's log about one patient, proved against its last checkpoint. */
export interface CustodianLog {
  readonly custodian: string;
  /** Null while the log has never been checkpointed. */
  readonly checkpoint: Checkpoint | null;
  /** The patient's row of the checkpoint's map; null when the map proves that there is none. */
  readonly head: { readonly count: number; readonly head: string; readonly salt: string } | null;
  readonly mapProof: MapProofText | null;
  /** All entries below the checkpoint, by running number. */
  readonly entries: readonly ProvenEntry[];
  /** Entries above the checkpoint: signed by the custodian, proved by the next checkpoint. */
  readonly uncheckpointed: readonly SignedEntry[];
}

/** All custodians' logs about one patient: what the portal and `verify --offline` check. */
export interface ProofBundle {
  readonly format: 'healthchain/v1/access-log';
  readonly channel: string;
  readonly person: string;
  readonly custodians: readonly CustodianLog[];
}
