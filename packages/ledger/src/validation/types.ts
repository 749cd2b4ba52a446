import type { ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import type { ReadWriteSet, Version } from '../rwset/index.ts';

export interface Endorsement {
  readonly endorser: Uint8Array;
  readonly signature: Uint8Array;
  /** What was signed: the proposal response payload followed by the endorser. */
  readonly signed: Uint8Array;
}

export interface ChaincodeEvent {
  readonly chaincodeId: string;
  readonly transactionId: string;
  readonly name: string;
  readonly payload: Uint8Array;
}

/** An endorser transaction's inside. */
export interface ParsedAction {
  /** Name and version of the chaincode that was invoked. */
  readonly chaincode: { readonly name: string; readonly version: string };
  readonly args: readonly Uint8Array[];
  readonly proposalResponsePayload: Uint8Array;
  readonly endorsements: readonly Endorsement[];
  readonly event: ChaincodeEvent | undefined;
  readonly response: { readonly status: number; readonly message: string; readonly payload: Uint8Array };
  readonly sets: ReadWriteSet;
}

/**
 * One element of block data, decoded once and shared by all peers of the process. The codes say what decoding alone found, in
 * the order in which validation comes to it: the first that is not VALID decides unless an earlier check fails.
 */
export interface ParsedTransaction {
  readonly envelope: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** '' when the channel header cannot be read. */
  readonly txId: string;
  readonly channelId: string;
  /** common.HeaderType; -1 when unreadable. */
  readonly type: number;
  readonly timestamp: { readonly seconds: bigint; readonly nanos: number } | undefined;
  /** Serialized identity. */
  readonly creator: Uint8Array;
  /** payload.data: the ConfigEnvelope of a CONFIG transaction. */
  readonly data: Uint8Array;
  /** Undefined unless `actionCode` is VALID and the type is ENDORSER_TRANSACTION. */
  readonly action: ParsedAction | undefined;
  /** Envelope, payload and headers: comes before the creator's signature. */
  readonly syntaxCode: number;
  /** Transaction id and hash of the proposal: comes after the creator's signature. */
  readonly bodyCode: number;
  /** Response, read-write set and chaincode: comes after the search for duplicates. */
  readonly actionCode: number;
}

export interface VersionedValue {
  readonly value: Uint8Array;
  readonly metadata: Uint8Array;
  readonly version: Version;
}

export interface KeyVersion {
  readonly key: string;
  readonly version: Version;
}

/** The committed state before the block. Synchronous but for ranges. */
export interface StateReader {
  get(namespace: string, key: string): VersionedValue | undefined;
  /** Keys in [start, end) in byte order; end '' is open. */
  range(namespace: string, start: string, end: string): Iterable<KeyVersion> | AsyncIterable<KeyVersion>;
  /** False only where no key of the namespace has had metadata so far: then its rows need not be looked at for it. */
  mayHaveMetadata(namespace: string): boolean;
}

export interface StateUpdate {
  readonly namespace: string;
  readonly key: string;
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined;
  readonly metadata: Uint8Array;
  readonly version: Version;
}

/** A key that a valid transaction wrote or deleted, for the history of the key. */
export interface HistoryEntry {
  readonly namespace: string;
  readonly key: string;
  readonly transaction: number;
}

export interface BlockValidation {
  /** TRANSACTIONS_FILTER: one code per transaction. */
  readonly codes: Uint8Array;
  /**
   * Net effect on the state, one entry per key. The channel configuration is namespace '', hashed values of collections stand
   * under hashedNamespace, and what organisations approved in `_lifecycle` under privateNamespace, which no hash covers.
   */
  readonly updates: readonly StateUpdate[];
  readonly history: readonly HistoryEntry[];
  /** Value of the COMMIT_HASH metadata; undefined for block 0. */
  readonly commitHash: Uint8Array | undefined;
  /** The configuration in force after the block; the one passed in unless a CONFIG transaction was applied. */
  readonly config: ChannelConfig;
}

export interface BlockToValidate {
  readonly number: bigint;
  readonly transactions: readonly ParsedTransaction[];
  readonly config: ChannelConfig;
  readonly state: StateReader;
  /** Whether an earlier block holds the transaction id, valid or not. */
  readonly hasTransaction: (txId: string) => boolean;
  /** COMMIT_HASH of the block before; undefined before block 1. */
  readonly previousCommitHash: Uint8Array | undefined;
  readonly verifier: Verifier;
  /**
   * For verification only: the codes that a peer recorded. They decide between codes that Fabric's peers may give for one
   * transaction, whose faults in several namespaces they find in no fixed order, and nothing else.
   */
  readonly recordedCodes?: Uint8Array;
}
