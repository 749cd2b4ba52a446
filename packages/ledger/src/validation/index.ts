import type { ChannelConfig } from '../config/index.ts';
import type { ReadWriteSet, Version } from '../rwset/index.ts';
import type { Verifier } from '../crypto/index.ts';

/** peer.TxValidationCode. */
export declare const ValidationCode: {
  readonly VALID: 0;
  readonly NIL_ENVELOPE: 1;
  readonly BAD_PAYLOAD: 2;
  readonly BAD_COMMON_HEADER: 3;
  readonly BAD_CREATOR_SIGNATURE: 4;
  readonly INVALID_ENDORSER_TRANSACTION: 5;
  readonly INVALID_CONFIG_TRANSACTION: 6;
  readonly UNSUPPORTED_TX_PAYLOAD: 7;
  readonly BAD_PROPOSAL_TXID: 8;
  readonly DUPLICATE_TXID: 9;
  readonly ENDORSEMENT_POLICY_FAILURE: 10;
  readonly MVCC_READ_CONFLICT: 11;
  readonly PHANTOM_READ_CONFLICT: 12;
  readonly UNKNOWN_TX_TYPE: 13;
  readonly TARGET_CHAIN_NOT_FOUND: 14;
  readonly MARSHAL_TX_ERROR: 15;
  readonly NIL_TXACTION: 16;
  readonly EXPIRED_CHAINCODE: 17;
  readonly CHAINCODE_VERSION_CONFLICT: 18;
  readonly BAD_HEADER_EXTENSION: 19;
  readonly BAD_CHANNEL_HEADER: 20;
  readonly BAD_RESPONSE_PAYLOAD: 21;
  readonly BAD_RWSET: 22;
  readonly ILLEGAL_WRITESET: 23;
  readonly INVALID_WRITESET: 24;
  readonly INVALID_CHAINCODE: 25;
  readonly NOT_VALIDATED: 254;
  readonly INVALID_OTHER_REASON: 255;
};

export interface Endorsement {
  readonly endorser: Uint8Array;
  readonly signature: Uint8Array;
  /** What was signed: the proposal response payload followed by the endorser. */
  readonly signed: Uint8Array;
}

/** An endorser transaction's inside, as far as it could be decoded. */
export interface ParsedAction {
  readonly proposalResponsePayload: Uint8Array;
  readonly endorsements: readonly Endorsement[];
  readonly chaincode: { readonly name: string; readonly version: string };
  readonly args: readonly Uint8Array[];
  readonly event:
    | {
        readonly chaincodeId: string;
        readonly transactionId: string;
        readonly name: string;
        readonly payload: Uint8Array;
      }
    | undefined;
  readonly response: { readonly status: number; readonly message: string; readonly payload: Uint8Array };
  readonly sets: ReadWriteSet;
}

/** One element of block data, decoded once and shared by all peers of the process. */
export interface ParsedTransaction {
  readonly envelope: Uint8Array;
  /** '' when the channel header cannot be read. */
  readonly txId: string;
  readonly channelId: string;
  /** common.HeaderType; -1 when unreadable. */
  readonly type: number;
  readonly timestamp: { readonly seconds: bigint; readonly nanos: number } | undefined;
  /** Serialized identity. */
  readonly creator: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** payload.data: the ConfigEnvelope of a CONFIG transaction. */
  readonly data: Uint8Array;
  readonly action: ParsedAction | undefined;
  /** Code found by decoding alone, before any signature, state or configuration is looked at. */
  readonly syntaxCode: number;
}

export interface VersionedValue {
  readonly value: Uint8Array;
  readonly metadata: Uint8Array;
  readonly version: Version;
}

/** The committed state before the block. Synchronous but for ranges. */
export interface StateReader {
  get(namespace: string, key: string): VersionedValue | undefined;
  /** Keys in [start, end) in byte order; end '' is open. */
  range(
    namespace: string,
    start: string,
    end: string,
  ):
    | Iterable<{ readonly key: string; readonly version: Version }>
    | AsyncIterable<{ readonly key: string; readonly version: Version }>;
}

export interface StateUpdate {
  readonly namespace: string;
  readonly key: string;
  /** Undefined: deleted. */
  readonly value: Uint8Array | undefined;
  readonly metadata: Uint8Array;
  readonly version: Version;
}

export interface HistoryEntry {
  readonly namespace: string;
  readonly key: string;
  readonly transaction: number;
}

export interface BlockValidation {
  /** TRANSACTIONS_FILTER: one code per transaction. */
  readonly codes: Uint8Array;
  /** Net effect on the state, one entry per key; the channel configuration is namespace ''. */
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
}

/** Never throws: what cannot be decoded says so in `syntaxCode`. */
export declare function parseTransaction(envelope: Uint8Array): ParsedTransaction;
/**
 * Borders: block data must be exactly what its transactions encode to, since the data hash is a plain concatenation.
 * @throws LedgerError BAD_BLOCK
 */
export declare function checkWellFormed(number: bigint, data: readonly Uint8Array[]): void;
/** @throws LedgerError BAD_BLOCK, CONFIG_REFUSED, STATE_UNREADABLE: the block cannot be committed at all */
export declare function validateBlock(block: BlockToValidate): Promise<BlockValidation>;
/** Block 0 on a fresh ledger: codes, the configuration in the state, no commit hash. */
export declare function validateGenesis(block: Uint8Array): BlockValidation;

/** Header and data hashes as Fabric's protoutil computes them. */
export declare function blockHeaderHash(header: {
  readonly number: bigint;
  readonly previousHash: Uint8Array;
  readonly dataHash: Uint8Array;
}): Uint8Array;
export declare function blockHeaderBytes(header: {
  readonly number: bigint;
  readonly previousHash: Uint8Array;
  readonly dataHash: Uint8Array;
}): Uint8Array;
export declare function blockDataHash(data: readonly Uint8Array[]): Uint8Array;
