import { equalBytes, type Bytes } from '@healthchain/core';
import { METADATA, type DecodedBlock } from '../validation/block.ts';
import { WireReader, WireWriter } from '../wire/index.ts';

const NOTHING = new Uint8Array();

/**
 * Whether the message is the only encoding of the block that it decodes to: no field twice, none unknown, none out of order,
 * nothing in places that orderers of Fabric v3 leave empty.
 * Hashes and signatures cover what is decoded, so bytes beside it could say anything.
 */
export function isOnlyEncoding(bytes: Uint8Array, block: DecodedBlock): boolean {
  return (
    equalBytes(bytes, encodeBlock(block)) &&
    isOnlyMetadata(block.metadata[METADATA.signatures] ?? NOTHING, [1], [2]) &&
    (block.metadata[METADATA.orderer] ?? NOTHING).length === 0 &&
    block.metadata.length <= Object.keys(METADATA).length
  );
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

/** Whether length-delimited fields stand in order: the first ones at most once each, the others as often as they like. */
function isOnlyMetadata(bytes: Uint8Array, once: readonly number[], often: readonly number[]): boolean {
  const writer = new WireWriter();
  const reader = new WireReader(bytes);
  let last = 0;
  while (reader.next()) {
    const { field, wireType } = reader;
    const isInOrder = once.includes(field) ? field > last : often.includes(field) && field >= last;
    if (wireType !== 2 || !isInOrder) return false;
    writer.present(field, reader.bytes());
    last = field;
  }
  return equalBytes(writer.finish(), bytes);
}
