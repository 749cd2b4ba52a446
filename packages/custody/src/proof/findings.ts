/**
 * What a verifier found. A breach is proof that somebody did not do what custody.md promises, or that the export is not whole; a
 * notice says what the proofs do not reach.
 */
export interface Finding {
  readonly severity: 'breach' | 'notice';
  readonly code: FindingCode;
  readonly custodian?: string;
  /** Running number of the patient in that custodian's log. */
  readonly number?: number;
  /** Times of the entries around a missing one, as far as there are any. */
  readonly between?: { readonly after: string | undefined; readonly before: string | undefined };
  readonly requestId?: string;
  readonly message: string;
}

export type FindingCode =
  /** A custodian of the channel has no log in the bundle. */
  | 'MISSING_CUSTODIAN'
  | 'REPEATED_CUSTODIAN'
  | 'UNKNOWN_CUSTODIAN'
  /** The ledger holds no such checkpoint of that custodian. */
  | 'CHECKPOINT_NOT_ON_LEDGER'
  | 'CHECKPOINT_NOT_LATEST'
  | 'NOT_CHECKPOINTED'
  | 'MALFORMED_ENTRY'
  /** An entry of another patient, channel or custodian. */
  | 'FOREIGN_ENTRY'
  /** The entry is not a leaf of the checkpoint's tree. */
  | 'NOT_INCLUDED'
  /** A running number is missing. */
  | 'ENTRY_REMOVED'
  /** An entry does not name the one before it. */
  | 'CHAIN_BROKEN'
  /** The map proves other entries than the bundle shows. */
  | 'HEAD_DIFFERS'
  | 'MAP_PROOF_INVALID'
  | 'BAD_SIGNATURE'
  /** An entry that its reader kept is not in the log. */
  | 'KEPT_ENTRY_ABSENT'
  /** Shares of fewer than k custodians were released under one request id. */
  | 'FEWER_THAN_K'
  | 'EPOCH_UNKNOWN'
  /** A release under an emergency that the ledger does not hold at the height of the decision. */
  | 'EMERGENCY_NOT_BEFORE';
