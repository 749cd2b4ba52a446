import { labelledHash, uint64, utf8, type Bytes } from '@healthchain/core';

/** What a checkpoint transaction puts on the ledger; hashes are hex. */
export interface Checkpoint {
  readonly custodian: string;
  readonly channel: string;
  /** Leaves of the log. */
  readonly size: number;
  /** Root of the RFC 6962 tree of that size. */
  readonly root: string;
  /** Root of the map patient → (count, head) over the entries of that size. */
  readonly mapRoot: string;
}

/** A checkpoint with the proof that the log only grew since the checkpoint before, RFC 9162 section 2.1.4. */
export interface CheckpointMaterial extends Checkpoint {
  readonly previousSize: number;
  readonly previousRoot: string;
  readonly consistency: readonly string[];
}

/** Key of a patient in the map of one custodian's log. */
export function mapKey(channel: string, custodian: string, person: string): Bytes {
  return labelledHash('log-map-key', utf8(channel), utf8(custodian), utf8(person));
}

/** Value of a patient in the map; the salt keeps count and head hidden from who gets a proof about somebody else. */
export function mapValue(salt: Uint8Array, count: number, head: Uint8Array): Bytes {
  return labelledHash('log-map-value', salt, uint64(count), head);
}
