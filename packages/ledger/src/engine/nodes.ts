import { mkdir } from 'node:fs/promises';
import type { ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import { Peer, type Chaincode } from '../peer/index.ts';
import type { FileStore, OpenRows } from '../storage/index.ts';
import type { Replay } from './control.ts';
import type { ChannelHub } from './hub.ts';
import { signingIdentity } from './keys.ts';
import { addressOf, layout, type NodeName } from './layout.ts';
import type { Network } from './network.ts';

/** What all nodes of this process share, whatever they follow. */
export interface NodeSettings {
  readonly network: Network;
  readonly files: FileStore;
  readonly openRows: OpenRows;
  readonly chaincodes: ReadonlyMap<string, Chaincode>;
  readonly clock: () => Date;
  readonly verifierOf: (node: string) => Verifier;
  readonly onFailure: (node: string, error: unknown) => void;
}

export interface NodeEnvironment extends NodeSettings {
  readonly hubs: ReadonlyMap<string, ChannelHub>;
  /** The newest configuration that a running node has committed. */
  config(channelId: string): ChannelConfig | undefined;
}

export async function startPeer(
  environment: NodeEnvironment,
  node: NodeName,
  onReplay: (replay: Replay) => void,
): Promise<Peer> {
  const { network, hubs, files, openRows, chaincodes, clock } = environment;
  const channels = network.channelsOf(node).map((channelId) => ({
    channelId,
    genesis: network.genesis(channelId),
    feed: (hubs.get(channelId) as ChannelHub).feed,
  }));
  return Peer.start({
    name: node.id,
    address: addressOf(node),
    signer: signingIdentity(node.mspId, network.nodeKeys(node.id)),
    directory: layout.node(network.directory, node.id),
    channels,
    chaincodes,
    files,
    openRows,
    verifier: environment.verifierOf(node.id),
    clock,
    onReplay,
    onFailure: (error) => environment.onFailure(node.id, error),
  });
}

/** From its next start on the peer follows the channel, beginning with block 0. */
export async function joinChannel(network: Network, peer: NodeName, channelId: string): Promise<void> {
  await mkdir(layout.nodeChannel(network.directory, peer.id, channelId), { recursive: true });
}
