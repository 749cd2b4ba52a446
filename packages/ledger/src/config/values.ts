import { fromUtf8, utf8, type Bytes } from '@healthchain/core';
import { common, orderer, peer } from '@hyperledger/fabric-protos';
import { LedgerError } from '../error.ts';
import { WireReader, WireWriter } from '../wire/index.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { decodeMap, writeEntries } from './tree.ts';
import type { BatchLimits, Consenter } from './types.ts';

const HASHING = 'SHA256';
const FLAT_DATA_HASH = 0xffffffff;
const NORMAL_STATE = 0;

/** Values of a configuration tree by their keys: how each is written and read. */
export const KEY = {
  hashingAlgorithm: 'HashingAlgorithm',
  dataHashing: 'BlockDataHashingStructure',
  capabilities: 'Capabilities',
  ordererAddresses: 'OrdererAddresses',
  batchSize: 'BatchSize',
  batchTimeout: 'BatchTimeout',
  channelRestrictions: 'ChannelRestrictions',
  consensusType: 'ConsensusType',
  orderers: 'Orderers',
  endpoints: 'Endpoints',
  msp: 'MSP',
  anchorPeers: 'AnchorPeers',
  acls: 'ACLs',
} as const;

export const encodeHashingAlgorithm = (): Bytes => new WireWriter().string(1, HASHING).finish();
export const encodeDataHashing = (): Bytes => new WireWriter().uint(1, FLAT_DATA_HASH).finish();

/** @throws LedgerError BAD_CONFIG for any hash but SHA-256 over the plain concatenation of the data */
export function checkHashing(algorithm: Uint8Array, structure: Uint8Array): void {
  const name = common.HashingAlgorithm.deserializeBinary(algorithm).getName();
  if (name !== HASHING) throw bad(`blocks hashed with ${JSON.stringify(name)}`);
  const width = common.BlockDataHashingStructure.deserializeBinary(structure).getWidth();
  if (width !== FLAT_DATA_HASH) throw bad(`block data hashed as a tree of width ${width}`);
}

export function encodeCapabilities(names: readonly string[]): Bytes {
  const writer = new WireWriter();
  writeEntries(writer, 1, new Map(names.map((name) => [name, new Uint8Array()])), (empty) => empty);
  return writer.finish();
}

export function decodeCapabilities(bytes: Uint8Array | undefined): ReadonlySet<string> {
  return new Set(bytes === undefined ? [] : decodeMap(bytes, 1, () => true).keys());
}

export function encodeBatchSize(limits: BatchLimits): Bytes {
  return new WireWriter()
    .uint(1, limits.maxMessageCount)
    .uint(2, limits.absoluteMaxBytes)
    .uint(3, limits.preferredMaxBytes)
    .finish();
}

export const encodeBatchTimeout = (milliseconds: number): Bytes =>
  new WireWriter().string(1, formatDuration(milliseconds)).finish();

/** @throws LedgerError BAD_CONFIG for limits that Fabric refuses */
export function decodeBatch(size: Uint8Array, timeout: Uint8Array): BatchLimits {
  const message = orderer.BatchSize.deserializeBinary(size);
  const limits = {
    maxMessageCount: message.getMaxMessageCount(),
    absoluteMaxBytes: message.getAbsoluteMaxBytes(),
    preferredMaxBytes: message.getPreferredMaxBytes(),
    timeoutMs: parseDuration(orderer.BatchTimeout.deserializeBinary(timeout).getTimeout()) ?? 0,
  };
  if (Object.values(limits).some((limit) => limit <= 0)) throw bad('a batch limit of 0');
  if (limits.preferredMaxBytes > limits.absoluteMaxBytes)
    throw bad('a preferred batch size above the absolute one');
  return limits;
}

export function encodeConsensusType(type: string, metadata: Uint8Array): Bytes {
  return new WireWriter().string(1, type).bytes(2, metadata).finish();
}

export function decodeConsensusType(bytes: Uint8Array): {
  type: string;
  metadata: Uint8Array;
  maintenance: boolean;
} {
  const message = orderer.ConsensusType.deserializeBinary(bytes);
  return {
    type: message.getType(),
    metadata: message.getMetadata_asU8(),
    maintenance: message.getState() !== NORMAL_STATE,
  };
}

export function encodeConsenters(consenters: readonly Consenter[]): Bytes {
  const writer = new WireWriter();
  for (const consenter of consenters) {
    const body = new WireWriter()
      .uint(1, consenter.id)
      .string(2, consenter.host)
      .uint(3, consenter.port)
      .string(4, consenter.mspId);
    body.string(5, consenter.identity).string(6, consenter.clientTlsCert).string(7, consenter.serverTlsCert);
    writer.present(1, body.finish());
  }
  return writer.finish();
}

export function decodeConsenters(bytes: Uint8Array | undefined): Consenter[] {
  if (bytes === undefined) return [];
  const messages = common.Orderers.deserializeBinary(bytes).getConsenterMappingList();
  return messages.map((message) => ({
    id: message.getId(),
    mspId: message.getMspId(),
    host: message.getHost(),
    port: message.getPort(),
    identity: fromUtf8(message.getIdentity_asU8()),
    clientTlsCert: fromUtf8(message.getClientTlsCert_asU8()),
    serverTlsCert: fromUtf8(message.getServerTlsCert_asU8()),
  }));
}

/** Endpoints of an orderer organisation, or the addresses of a channel. */
export function encodeAddresses(addresses: readonly string[]): Bytes {
  const writer = new WireWriter();
  for (const address of addresses) writer.present(1, utf8(address));
  return writer.finish();
}

export function decodeAddresses(bytes: Uint8Array | undefined): string[] {
  return bytes === undefined ? [] : common.OrdererAddresses.deserializeBinary(bytes).getAddressesList();
}

export function encodeAnchorPeers(peers: readonly { readonly host: string; readonly port: number }[]): Bytes {
  const writer = new WireWriter();
  for (const { host, port } of peers)
    writer.present(1, new WireWriter().string(1, host).uint(2, port).finish());
  return writer.finish();
}

export function decodeAnchorPeers(bytes: Uint8Array | undefined): { host: string; port: number }[] {
  if (bytes === undefined) return [];
  const messages = peer.AnchorPeers.deserializeBinary(bytes).getAnchorPeersList();
  return messages.map((message) => ({ host: message.getHost(), port: message.getPort() }));
}

/** Policy references by resource. */
export function decodeAcls(bytes: Uint8Array | undefined): ReadonlyMap<string, string> {
  return bytes === undefined ? new Map() : decodeMap(bytes, 1, decodeReference);
}

function decodeReference(bytes: Uint8Array): string {
  let reference = '';
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) reference = reader.string();
    else reader.skip();
  }
  return reference;
}

function bad(what: string): LedgerError {
  return new LedgerError('BAD_CONFIG', `The configuration asks for ${what}`);
}
