import type { common } from '@hyperledger/fabric-protos';
import { parseSerializedIdentity } from '../msp/index.ts';
import { decodeBlock as decodeRaw, MetadataIndex, parsedOnce } from '../ordering/index.ts';
import { blockHeaderHash, ValidationCode, type ParsedTransaction } from '../validation/index.ts';

export interface DecodedTransaction {
  readonly txId: string;
  /** TxValidationCode; NOT_VALIDATED (254) in a block that no peer has committed. */
  readonly code: number;
  /** common.HeaderType */
  readonly type: number;
  readonly creator: { readonly mspId: string; readonly certificate: string };
  readonly timestamp: Date;
  readonly chaincode: string;
  readonly args: readonly Uint8Array[];
  /** Public writes of all namespaces, in the order of the read-write set. */
  readonly writes: readonly {
    readonly namespace: string;
    readonly key: string;
    readonly value: Uint8Array;
    readonly isDelete: boolean;
  }[];
  readonly event?: { readonly name: string; readonly payload: Uint8Array };
  /** MSP ids of the endorsements, as written; validity is what `code` says. */
  readonly endorsers: readonly string[];
}

export interface DecodedBlock {
  readonly number: bigint;
  readonly headerHash: Uint8Array;
  readonly previousHash: Uint8Array;
  readonly transactions: readonly DecodedTransaction[];
}

/** What a block says, undecided: verifies nothing. Takes common.Block as bytes or as fabric-protos' message. */
export function decodeBlock(block: Uint8Array | common.Block): DecodedBlock {
  const raw = decodeRaw(block instanceof Uint8Array ? block : block.serializeBinary());
  const codes = raw.metadata[MetadataIndex.transactionsFilter] ?? new Uint8Array();
  return {
    number: raw.header.number,
    headerHash: blockHeaderHash(raw.header),
    previousHash: raw.header.previousHash,
    transactions: raw.data.map((envelope, i) =>
      decodeTransaction(parsedOnce(envelope), codes[i] ?? ValidationCode.NOT_VALIDATED),
    ),
  };
}

function decodeTransaction(parsed: ParsedTransaction, code: number): DecodedTransaction {
  const { txId, type, timestamp, action } = parsed;
  const event = action?.event;
  return {
    txId,
    code,
    type,
    creator: creatorOf(parsed.creator),
    timestamp: new Date(Number(timestamp?.seconds ?? 0n) * 1000 + Math.floor((timestamp?.nanos ?? 0) / 1e6)),
    chaincode: action?.chaincode.name ?? '',
    args: action?.args ?? [],
    writes:
      action?.sets.namespaces.flatMap(({ namespace, writes }) =>
        writes.map(({ key, value, isDelete }) => ({ namespace, key, value, isDelete })),
      ) ?? [],
    ...(event !== undefined &&
      event.chaincodeId !== '' && { event: { name: event.name, payload: event.payload } }),
    endorsers: action?.endorsements.map(({ endorser }) => creatorOf(endorser).mspId) ?? [],
  };
}

/** Empty for what is no serialized identity: a transaction with such a creator is never valid. */
function creatorOf(serialized: Uint8Array): { mspId: string; certificate: string } {
  try {
    return parseSerializedIdentity(serialized);
  } catch {
    return { mspId: '', certificate: '' };
  }
}
