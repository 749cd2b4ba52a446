import { concat, type Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { WireReader, WireWriter } from '../wire/index.ts';

/** common.HeaderType, as far as the ledger handles it. */
export const HEADER_TYPE = { config: 1, configUpdate: 2, endorserTransaction: 3 } as const;

const NOTHING = new Uint8Array();

/** common.Envelope */
export interface Envelope {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** common.Payload with its headers decoded; `hasHeader` tells an absent header from an empty one. */
export interface Payload {
  readonly hasHeader: boolean;
  readonly channelHeader: Uint8Array;
  readonly signatureHeader: Uint8Array;
  readonly data: Uint8Array;
}

export interface ChannelHeader {
  readonly type: number;
  readonly timestamp: { readonly seconds: bigint; readonly nanos: number } | undefined;
  readonly channelId: string;
  readonly txId: string;
  readonly epoch: bigint;
  readonly extension: Uint8Array;
}

export interface SignatureHeader {
  readonly creator: Uint8Array;
  readonly nonce: Uint8Array;
}

/** A message's byte fields 1 and 2: Envelope, SignatureHeader, ConfigSignature, Endorsement and Metadata's kin. */
export function decodePair(bytes: Uint8Array): readonly [Uint8Array, Uint8Array] {
  let first: Uint8Array = NOTHING;
  let second: Uint8Array = NOTHING;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 2 && reader.field === 1) first = reader.bytes();
    else if (reader.wireType === 2 && reader.field === 2) second = reader.bytes();
    else reader.skip();
  }
  return [first, second];
}

export function encodePair(first: Uint8Array, second: Uint8Array): Bytes {
  return new WireWriter().bytes(1, first).bytes(2, second).finish();
}

export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const [payload, signature] = decodePair(bytes);
  return { payload, signature };
}

export function decodeSignatureHeader(bytes: Uint8Array): SignatureHeader {
  const [creator, nonce] = decodePair(bytes);
  return { creator, nonce };
}

export function decodePayload(bytes: Uint8Array): Payload {
  let header: Uint8Array | undefined;
  let data: Uint8Array = NOTHING;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 2 && reader.field === 1)
      header = header === undefined ? reader.bytes() : concat(header, reader.bytes());
    else if (reader.wireType === 2 && reader.field === 2) data = reader.bytes();
    else reader.skip();
  }
  const [channelHeader, signatureHeader] = decodePair(header ?? NOTHING);
  return { hasHeader: header !== undefined, channelHeader, signatureHeader, data };
}

export function decodeChannelHeader(bytes: Uint8Array): ChannelHeader {
  const header = {
    type: 0,
    timestamp: undefined as ChannelHeader['timestamp'],
    channelId: '',
    txId: '',
    epoch: 0n,
    extension: NOTHING as Uint8Array,
  };
  let timestamp: Uint8Array | undefined;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 0 && reader.field === 1) header.type = reader.int32();
    else if (reader.wireType === 0 && reader.field === 6) header.epoch = reader.uint64();
    else if (reader.wireType !== 2) reader.skip();
    else if (reader.field === 3) timestamp = concat(timestamp ?? NOTHING, reader.bytes());
    else if (reader.field === 4) header.channelId = reader.string();
    else if (reader.field === 5) header.txId = reader.string();
    else if (reader.field === 7) header.extension = reader.bytes();
    else reader.skip();
  }
  if (timestamp !== undefined) header.timestamp = decodeTimestamp(timestamp);
  return header;
}

function decodeTimestamp(bytes: Uint8Array): { seconds: bigint; nanos: number } {
  let seconds = 0n;
  let nanos = 0;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 0 && reader.field === 1) seconds = BigInt.asIntN(64, reader.uint64());
    else if (reader.wireType === 0 && reader.field === 2) nanos = reader.int32();
    else reader.skip();
  }
  return { seconds, nanos };
}

/** The payload data of an envelope whose channel header is of the given type. @throws LedgerError MALFORMED */
export function dataOfType(
  envelope: Uint8Array,
  type: number,
): { readonly channelId: string; readonly data: Uint8Array } {
  const payload = decodePayload(decodeEnvelope(envelope).payload);
  if (!payload.hasHeader) throw new LedgerError('MALFORMED', 'An envelope has no header');
  const header = decodeChannelHeader(payload.channelHeader);
  if (header.type !== type)
    throw new LedgerError('MALFORMED', `An envelope of type ${header.type} stands where ${type} belongs`);
  return { channelId: header.channelId, data: payload.data };
}

/** common.ConfigEnvelope: the configuration, and the envelope of the update that led to it. */
export function decodeConfigEnvelope(bytes: Uint8Array): {
  readonly config: Uint8Array | undefined;
  readonly lastUpdate: Uint8Array | undefined;
} {
  let config: Uint8Array | undefined;
  let lastUpdate: Uint8Array | undefined;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 2 && reader.field === 1) config = concat(config ?? NOTHING, reader.bytes());
    else if (reader.wireType === 2 && reader.field === 2)
      lastUpdate = concat(lastUpdate ?? NOTHING, reader.bytes());
    else reader.skip();
  }
  return { config, lastUpdate };
}

/** The elements of the transactions that a common.Block message holds, and its header. */
export function decodeBlockParts(bytes: Uint8Array): {
  readonly header: Uint8Array;
  readonly data: Uint8Array[];
  readonly metadata: Uint8Array[];
} {
  let header: Uint8Array = NOTHING;
  const data: Uint8Array[] = [];
  const metadata: Uint8Array[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType !== 2) reader.skip();
    else if (reader.field === 1) header = reader.bytes();
    else if (reader.field === 2) data.push(...repeated(reader.bytes()));
    else if (reader.field === 3) metadata.push(...repeated(reader.bytes()));
    else reader.skip();
  }
  return { header, data, metadata };
}

function repeated(bytes: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 2 && reader.field === 1) elements.push(reader.bytes());
    else reader.skip();
  }
  return elements;
}
