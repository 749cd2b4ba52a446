import { createHash } from 'node:crypto';
import { sha256, uint64, type Bytes } from '@healthchain/core';
import {
  decodeBlockParts,
  decodeChannelHeader,
  decodeEnvelope,
  decodePayload,
  HEADER_TYPE,
} from '../config/index.ts';
import { LedgerError } from '../error.ts';
import { sequence, TAG, writeElement, writeInteger } from '../msp/der.ts';
import { bytesFieldSize, WireReader } from '../wire/index.ts';

/** common.Envelope's first field, as bytes. */
const PAYLOAD_TAG = 0x0a;

export interface BlockHeader {
  readonly number: bigint;
  readonly previousHash: Uint8Array;
  readonly dataHash: Uint8Array;
}

/** Slots of a block's metadata (common.BlockMetadataIndex). */
export const METADATA = {
  signatures: 0,
  lastConfig: 1,
  transactionsFilter: 2,
  orderer: 3,
  commitHash: 4,
} as const;

export interface DecodedBlock {
  readonly header: BlockHeader;
  readonly data: readonly Uint8Array[];
  readonly metadata: readonly Uint8Array[];
}

/** common.Block @throws LedgerError MALFORMED */
export function decodeBlockMessage(bytes: Uint8Array): DecodedBlock {
  const { header, data, metadata } = decodeBlockParts(bytes);
  return { header: decodeHeader(header), data, metadata };
}

/** The ASN.1 DER form that hashes and orderer signatures are over. */
export function blockHeaderBytes(header: BlockHeader): Bytes {
  return sequence(
    writeInteger(uint64(header.number)),
    writeElement(TAG.octetString, header.previousHash),
    writeElement(TAG.octetString, header.dataHash),
  );
}

const headerHashes = new WeakMap<BlockHeader, Bytes>();

/** Computed once for as long as the header lives; nobody changes one. */
export function blockHeaderHash(header: BlockHeader): Bytes {
  let headerHash = headerHashes.get(header);
  if (headerHash === undefined) {
    headerHash = sha256(blockHeaderBytes(header));
    headerHashes.set(header, headerHash);
  }
  return headerHash;
}

/** SHA-256 over the plain concatenation. */
export function blockDataHash(data: readonly Uint8Array[]): Bytes {
  const digest = createHash('sha256');
  for (const element of data) digest.update(element);
  return new Uint8Array(digest.digest());
}

/**
 * The data hash covers a plain concatenation, so borders between transactions could move under it. Every element therefore has to
 * be an envelope with payload and signature in its only encoding (protoutil.VerifyTransactionsAreWellFormed). A single
 * configuration transaction has no border to move and is exempt.
 * @throws LedgerError BAD_BLOCK
 */
export function checkWellFormed(number: bigint, data: readonly Uint8Array[]): void {
  if (data.length === 0) throw new LedgerError('BAD_BLOCK', `Block ${number} holds no transaction`);
  if (data.length === 1 && isConfig(data[0] as Uint8Array)) return;
  for (const [i, element] of data.entries()) {
    if (!isCanonical(element))
      throw new LedgerError(
        'BAD_BLOCK',
        `Transaction ${i} of block ${number} is not encoded as an envelope is`,
        { details: { transaction: i } },
      );
  }
}

/** A payload and a signature, in this order, in not a byte more than they need. */
function isCanonical(element: Uint8Array): boolean {
  return unlessMalformed(() => {
    const { payload, signature } = decodeEnvelope(element);
    const shortest = bytesFieldSize(payload.length) + bytesFieldSize(signature.length);
    const isWhole = payload.length > 0 && signature.length > 0;
    return isWhole && element[0] === PAYLOAD_TAG && element.length === shortest;
  });
}

function isConfig(element: Uint8Array): boolean {
  return unlessMalformed(() => {
    const { channelHeader } = decodePayload(decodeEnvelope(element).payload);
    return decodeChannelHeader(channelHeader).type === HEADER_TYPE.config;
  });
}

function unlessMalformed(decide: () => boolean): boolean {
  try {
    return decide();
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}

function decodeHeader(bytes: Uint8Array): BlockHeader {
  const header = {
    number: 0n,
    previousHash: new Uint8Array() as Uint8Array,
    dataHash: new Uint8Array() as Uint8Array,
  };
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 0 && reader.field === 1) header.number = reader.uint64();
    else if (reader.wireType === 2 && reader.field === 2) header.previousHash = reader.bytes();
    else if (reader.wireType === 2 && reader.field === 3) header.dataHash = reader.bytes();
    else reader.skip();
  }
  return header;
}
