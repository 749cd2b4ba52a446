import { lengthOf } from '@healthchain/core';
import { WireReader, WireWriter } from '../wire/index.ts';
import { LedgerError } from '../error.ts';

export interface BlockHeader {
  readonly number: bigint;
  readonly previousHash: Uint8Array;
  readonly dataHash: Uint8Array;
}

/** common.Block, its envelopes and metadata undecoded. */
export interface RawBlock {
  readonly header: BlockHeader;
  readonly data: readonly Uint8Array[];
  readonly metadata: readonly Uint8Array[];
}

/** A block as a node holds it and others get it. */
export interface DeliveredBlock {
  readonly number: number;
  /** Marshalled common.Block, in parts. */
  readonly parts: readonly Uint8Array[];
  /** The same, decoded; shared by who receives it in this process. */
  readonly block: RawBlock;
}

/** common.BlockMetadataIndex. */
export const MetadataIndex = { signatures: 0, lastConfig: 1, transactionsFilter: 2, commitHash: 4 } as const;
const METADATA_ENTRIES = 5;

export function emptyMetadata(): Uint8Array[] {
  return Array.from({ length: METADATA_ENTRIES }, () => new Uint8Array());
}

export function encodeBlock(block: RawBlock): Uint8Array {
  return Buffer.concat(blockParts(block));
}

const encodedLists = new WeakMap<readonly Uint8Array[], Uint8Array>();

/**
 * The encoding of a block, in parts. The data, which is nearly all of it, is encoded once for as long as its list lives: a
 * block is stored by many nodes with one list and different metadata.
 */
export function blockParts({ header, data, metadata }: RawBlock): Uint8Array[] {
  let list = encodedLists.get(data);
  if (list === undefined) {
    list = Buffer.concat(encodeList(data));
    encodedLists.set(data, list);
  }
  return [...field(1, [encodeHeader(header)]), ...field(2, [list]), ...field(3, encodeList(metadata))];
}

function encodeHeader({ number, previousHash, dataHash }: BlockHeader): Uint8Array {
  return new WireWriter().uint(1, number).bytes(2, previousHash).bytes(3, dataHash).finish();
}

/** common.BlockData, common.BlockMetadata */
function encodeList(items: readonly Uint8Array[]): Uint8Array[] {
  return items.flatMap((item) => field(1, [item]));
}

/** common.Block whose data is left out: what orderer.SeekInfo calls HEADER_WITH_SIG. */
export function partsWithoutData({ header, metadata }: Omit<RawBlock, 'data'>): Uint8Array[] {
  return [...field(1, [encodeHeader(header)]), ...field(3, encodeList(metadata))];
}

/** @throws LedgerError MALFORMED */
export function decodeBlock(bytes: Uint8Array): RawBlock {
  const reader = new WireReader(bytes);
  let header: BlockHeader | undefined;
  let data: Uint8Array[] = [];
  let metadata: Uint8Array[] = [];
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) header = decodeHeader(reader.bytes());
    else if (reader.field === 2 && reader.wireType === 2) data = data.concat(decodeList(reader.bytes()));
    else if (reader.field === 3 && reader.wireType === 2)
      metadata = metadata.concat(decodeList(reader.bytes()));
    else reader.skip();
  }
  if (header === undefined) throw new LedgerError('MALFORMED', 'A block without a header');
  return { header, data, metadata };
}

/** The same block with one metadata entry replaced. */
export function withMetadata(block: RawBlock, index: number, value: Uint8Array): RawBlock {
  const metadata = [...block.metadata];
  while (metadata.length < METADATA_ENTRIES) metadata.push(new Uint8Array());
  metadata[index] = value;
  return { ...block, metadata };
}

/** A length-delimited field as the parts of its encoding, so that large content is copied once, at the end. */
function field(number: number, content: readonly Uint8Array[]): Uint8Array[] {
  return [
    new WireWriter()
      .varint(number * 8 + 2)
      .varint(lengthOf(content))
      .finish(),
    ...content,
  ];
}

function decodeList(bytes: Uint8Array): Uint8Array[] {
  const reader = new WireReader(bytes);
  const items: Uint8Array[] = [];
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) items.push(reader.bytes());
    else reader.skip();
  }
  return items;
}

function decodeHeader(bytes: Uint8Array): BlockHeader {
  const reader = new WireReader(bytes);
  let number = 0n;
  let previousHash: Uint8Array = new Uint8Array();
  let dataHash: Uint8Array = new Uint8Array();
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) number = reader.uint64();
    else if (reader.field === 2 && reader.wireType === 2) previousHash = reader.bytes();
    else if (reader.field === 3 && reader.wireType === 2) dataHash = reader.bytes();
    else reader.skip();
  }
  return { number, previousHash, dataHash };
}
