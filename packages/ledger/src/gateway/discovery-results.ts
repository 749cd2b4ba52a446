import { sha256, utf8 } from '@healthchain/core';
import { configOf, type ChannelConfig } from '../config/index.ts';
import { decodeConfig, EMPTY_GROUP } from '../config/tree.ts';
import type { Peer, PeerChannel } from '../peer/index.ts';
import { fields, WireWriter } from '../wire/index.ts';
import type { CallContext } from './call.ts';
import type { OrdererEndpoint } from './network.ts';

/** Fields and tags of gossip.GossipMessage. */
const GOSSIP = { aliveMessage: 5, stateInfo: 15, tagEmpty: 1, tagChannel: 4 } as const;

/** discovery.ConfigResult: every organisation's MSP, and where its orderers are. */
export function configResult(
  config: ChannelConfig,
  orderers: readonly OrdererEndpoint[],
  { advertised }: CallContext,
): Uint8Array {
  const writer = new WireWriter();
  for (const [mspId, mspConfig] of mspConfigsOf(config)) writer.present(1, entry(mspId, mspConfig));
  for (const mspId of new Set(orderers.map((orderer) => orderer.mspId))) {
    const endpoints = new WireWriter();
    for (const { address } of orderers.filter((orderer) => orderer.mspId === mspId)) {
      endpoints.present(1, endpoint(advertised[address] ?? address));
    }
    writer.present(2, entry(mspId, endpoints.finish()));
  }
  return writer.finish();
}

/** msp.FabricMSPConfig by MSP id, as the configuration holds them. */
function mspConfigsOf(config: ChannelConfig): ReadonlyMap<string, Uint8Array> {
  const { channelGroup = EMPTY_GROUP } = decodeConfig(configOf(config));
  const sections = ['Application', 'Orderer'].map((name) => channelGroup.groups.get(name) ?? EMPTY_GROUP);
  const configs = sections.flatMap(({ groups }) =>
    [...groups.values()].flatMap(({ values }): [string, Uint8Array][] => {
      const value = values.get('MSP')?.value;
      if (value === undefined) return [];
      const mspConfig = fields(value).bytes(2);
      return [[Buffer.from(fields(mspConfig).bytes(1)).toString(), mspConfig]];
    }),
  );
  return new Map(configs);
}

/** discovery.PeerMembershipResult; of a channel with what each peer has of it. */
export function membership(
  peers: readonly Peer[],
  channelId: string | undefined,
  context: CallContext,
): Uint8Array {
  const writer = new WireWriter();
  for (const mspId of new Set(peers.map((peer) => peer.mspId))) {
    const own = peers.filter((peer) => peer.mspId === mspId);
    writer.present(1, entry(mspId, peerList(own, channelId, context)));
  }
  return writer.finish();
}

/** discovery.EndorsementDescriptor: each peer is a group of its own, and each layout a set of peers that is enough. */
export function descriptor(
  chaincode: string,
  layouts: readonly (readonly Peer[])[],
  channelId: string,
  context: CallContext,
): Uint8Array {
  const writer = new WireWriter().string(1, chaincode);
  for (const peer of new Set(layouts.flat()))
    writer.present(2, entry(peer.name, peerList([peer], channelId, context)));
  for (const layout of layouts) {
    const quantities = new WireWriter();
    for (const { name } of layout)
      quantities.present(1, new WireWriter().string(1, name).uint(2, 1).finish());
    writer.present(3, quantities.finish());
  }
  return writer.finish();
}

/** discovery.Peers */
function peerList(peers: readonly Peer[], channelId: string | undefined, context: CallContext): Uint8Array {
  const writer = new WireWriter();
  for (const peer of peers) {
    const channel = channelId === undefined ? undefined : peer.channel(channelId);
    const encoded = new WireWriter();
    if (channel !== undefined) encoded.present(1, stateInfo(peer, channel));
    const address = context.advertised[peer.address] ?? peer.address;
    encoded.present(2, alive(peer, address)).present(3, peer.serialized);
    writer.present(1, encoded.finish());
  }
  return writer.finish();
}

/** gossip.Envelope of an AliveMessage. Nothing is gossiped here, so nothing is signed. */
function alive(peer: Peer, address: string): Uint8Array {
  const member = new WireWriter().string(1, address).bytes(3, pkiId(peer)).finish();
  const message = new WireWriter().present(1, member).present(2, peerTime()).finish();
  return gossip(GOSSIP.tagEmpty, GOSSIP.aliveMessage, message);
}

/** gossip.Envelope of a StateInfo: height, and the chaincodes that are defined and can be run. */
function stateInfo(peer: Peer, channel: PeerChannel): Uint8Array {
  const properties = new WireWriter().uint(1, channel.height);
  for (const { name, version } of chaincodesOf(peer, channel)) {
    properties.present(3, new WireWriter().string(1, name).string(2, version).finish());
  }
  const message = new WireWriter()
    .present(2, peerTime())
    .bytes(3, pkiId(peer))
    .bytes(4, sha256(utf8(channel.channelId)))
    .present(5, properties.finish())
    .finish();
  return gossip(GOSSIP.tagChannel, GOSSIP.stateInfo, message);
}

function chaincodesOf(peer: Peer, channel: PeerChannel): { name: string; version: string }[] {
  const view = channel.store.view();
  try {
    return [...peer.chaincodes].flatMap((name) => {
      const definition = channel.definitions.forPlan(view, name);
      return definition === undefined ? [] : [{ name, version: definition.version }];
    });
  } finally {
    void view.close();
  }
}

function gossip(tag: number, field: number, message: Uint8Array): Uint8Array {
  const payload = new WireWriter().uint(3, tag).present(field, message).finish();
  return new WireWriter().bytes(1, payload).finish();
}

/** gossip.PeerTime: present, as clients demand, and without meaning here. */
function peerTime(): Uint8Array {
  return new WireWriter().uint(1, 1).uint(2, 1).finish();
}

function pkiId(peer: Peer): Uint8Array {
  return sha256(peer.serialized);
}

/** discovery.Endpoint of 'host:port'. */
function endpoint(address: string): Uint8Array {
  const colon = address.lastIndexOf(':');
  return new WireWriter()
    .string(1, address.slice(0, colon))
    .uint(2, Number(address.slice(colon + 1)))
    .finish();
}

/** An entry of a protobuf map with string keys and messages. */
function entry(key: string, value: Uint8Array): Uint8Array {
  return new WireWriter().string(1, key).present(2, value).finish();
}
