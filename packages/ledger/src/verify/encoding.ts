import { equalBytes, type Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { METADATA, type DecodedBlock } from '../validation/block.ts';
import { WireReader, WireWriter } from '../wire/index.ts';

/** Fields of common.Metadata. */
const VALUE = 1;
const SIGNATURES = 2;
const NOTHING = new Uint8Array();
/** What configtxgen writes into block 0, which nobody signs: that the last configuration is this block's own. */
const GENESIS_SIGNATURES = metadataOf(new WireWriter().present(1, NOTHING).finish());

/**
 * The message has to be the only encoding of the block that it decodes to: no field twice, none unknown, none out of order,
 * nothing in places that orderers of Fabric v3 leave empty. Hashes and signatures cover what is decoded, so bytes beside it could say anything.
 * @throws LedgerError BAD_BLOCK, MALFORMED
 */
export function checkEncoding(bytes: Uint8Array, block: DecodedBlock): void {
  const { header, metadata } = block;
  const signatures = metadata[METADATA.signatures] ?? NOTHING;
  const isOnlyOne =
    equalBytes(bytes, encodeBlock(block)) &&
    (header.number === 0n ? equalBytes(signatures, GENESIS_SIGNATURES) : isOnlyMetadata(signatures)) &&
    (metadata[METADATA.orderer] ?? NOTHING).length === 0 &&
    metadata.length <= Object.keys(METADATA).length;
  if (!isOnlyOne) throw new LedgerError('BAD_BLOCK', 'it holds bytes that a block has no place for');
}

/** A common.Metadata message that holds a value and nothing else; an empty value has no bytes. */
export function metadataOf(value: Uint8Array): Bytes {
  return new WireWriter().bytes(1, value).finish();
}

function encodeBlock({ header, data, metadata }: DecodedBlock): Bytes {
  const head = new WireWriter()
    .uint(1, header.number)
    .bytes(2, header.previousHash)
    .bytes(3, header.dataHash);
  return new WireWriter()
    .present(1, head.finish())
    .present(2, list(data))
    .present(3, list(metadata))
    .finish();
}

function list(elements: readonly Uint8Array[]): Bytes {
  const writer = new WireWriter();
  for (const element of elements) writer.present(1, element);
  return writer.finish();
}

/** Whether a common.Metadata message holds at most one value and then signatures. @throws LedgerError MALFORMED */
function isOnlyMetadata(bytes: Uint8Array): boolean {
  const writer = new WireWriter();
  const reader = new WireReader(bytes);
  let last = 0;
  while (reader.next()) {
    const { field, wireType } = reader;
    const isInOrder = (field === VALUE && last === 0) || field === SIGNATURES;
    if (wireType !== 2 || !isInOrder) return false;
    writer.present(field, reader.bytes());
    last = field;
  }
  return equalBytes(writer.finish(), bytes);
}
