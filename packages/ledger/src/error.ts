import { CodedError } from '@healthchain/core';

/** Every error of this package; `message` names no secret and no value of the state. */
export type LedgerErrorCode =
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
  | 'LIFECYCLE_REFUSED'
  /** The store gave back something that validation cannot decide on; processing stops. */
  | 'STATE_UNREADABLE';

export class LedgerError extends CodedError<LedgerErrorCode> {}
