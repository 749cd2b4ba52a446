import { CodedError } from '@healthchain/core';

/** Errors of stores, nodes and the engine around them; rules of the ledger itself throw LedgerError. */
export type NodeErrorCode =
  /** A stored block whose checksum does not hold; `details` names peer folder, block, segment and offset. */
  | 'BLOCK_CORRUPT'
  /** A row of the state whose digest does not hold; `details` names namespace and key. */
  | 'STATE_CORRUPT'
  /** A row of an index that does not decode. */
  | 'INDEX_CORRUPT'
  /** A file under the state whose checksums do not hold; `details` names file and offset. */
  | 'STORE_CORRUPT'
  /** A record of what an authority has signed whose checksum does not hold; `details` names file and offset. */
  | 'SIGNING_CORRUPT'
  /** The block, transaction or channel is not in this store. */
  | 'NOT_FOUND'
  /** A block that does not follow the last one of the store. */
  | 'OUT_OF_ORDER'
  /** What was to be repaired cannot be: the blocks that hold it are not there either. */
  | 'NOT_REPAIRABLE'
  /** The directory holds no network, another network, or one of another format. */
  | 'BAD_NETWORK'
  /** An argument of the caller that no network of this kind can have. */
  | 'BAD_DEFINITION'
  | 'UNKNOWN_NODE'
  /** The node is stopped, or the engine is closed. */
  | 'STOPPED'
  /** Commands of the engine that the ledger refused; `message` is its answer. */
  | 'REFUSED'
  /** No answer in time; the outcome is unknown and must be resolved by transaction id. */
  | 'TIMEOUT';

export class NodeError extends CodedError<NodeErrorCode> {}
