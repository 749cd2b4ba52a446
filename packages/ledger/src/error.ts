import { CodedError } from '@healthchain/core';

/** What the rules of the ledger do not let pass; whoever sent it is to blame. */
type RefusalCode =
  /** Bytes that are no valid message, certificate, key or list. */
  | 'MALFORMED'
  /** An identity whose organisation is unknown, or that its organisation's certificates, revocations or OUs do not bear out. */
  | 'IDENTITY_REFUSED'
  | 'IDENTITY_EXPIRED'
  /** A signature set that does not satisfy a policy, or a policy that does not exist. */
  | 'POLICY_REFUSED'
  | 'POLICY_SYNTAX'
  /** A channel configuration that is inconsistent, or a capability this program does not have. */
  | 'BAD_CONFIG'
  /** A configuration update that its modification policies do not allow, or that is stale. */
  | 'CONFIG_REFUSED'
  /** A block that no honest orderer makes: borders, hashes or its configuration transaction do not hold. */
  | 'BAD_BLOCK'
  | 'BAD_RWSET'
  /** A chaincode definition that is refused; the message is the answer to the client. */
  | 'LIFECYCLE_REFUSED';

/** What a node, its files or whoever runs it is to blame for. */
type NodeCode =
  /** The store gave back something that validation cannot decide on; processing stops. */
  | 'STATE_UNREADABLE'
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
  /** A test of the storage found that something acknowledged was lost, or half of something kept; `details` names the seed. */
  | 'NOT_DURABLE'
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

/** Every error of this package; `message` names no secret and no value of the state. */
export type LedgerErrorCode = RefusalCode | NodeCode;

export class LedgerError extends CodedError<LedgerErrorCode> {}

const REFUSALS: Readonly<Record<RefusalCode, true>> = {
  MALFORMED: true,
  IDENTITY_REFUSED: true,
  IDENTITY_EXPIRED: true,
  POLICY_REFUSED: true,
  POLICY_SYNTAX: true,
  BAD_CONFIG: true,
  CONFIG_REFUSED: true,
  BAD_BLOCK: true,
  BAD_RWSET: true,
  LIFECYCLE_REFUSED: true,
};

/** Whether the sender is to be told why; what a node is to blame for is nobody else's to know. */
export function isRefusedInput(error: unknown): error is LedgerError {
  return error instanceof LedgerError && Object.hasOwn(REFUSALS, error.code);
}
