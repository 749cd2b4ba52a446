import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Verifier } from '../crypto/index.ts';
import { toHex } from '@healthchain/core';
import { validateGenesis } from '../validation/index.ts';
import {
  BlockStore,
  ChannelOrderer,
  decodeBlock,
  encodeBlock,
  MetadataIndex,
  SigningLog,
  type OrdererSettings,
  withMetadata,
} from '../ordering/index.ts';
import { Peer, type Chaincode } from '../peer/index.ts';
import type { FileStore, KeyValueStore } from '../storage/index.ts';
import type { ChannelHub } from './hub.ts';
import { signingIdentity } from './keys.ts';
import { addressOf, layout, type NodeName } from './layout.ts';
import type { Network } from './network.ts';

/** How long authorities wait for a proposer before they pass its turn over. */
const TURN_TIMEOUT_MS = 300;
/** The same when the connection to the proposer is known to be down. */
const DOWN_TIMEOUT_MS = 5;

export interface NodeEnvironment {
  readonly network: Network;
  readonly hubs: ReadonlyMap<string, ChannelHub>;
  readonly files: FileStore;
  readonly openRows: (directory: string) => Promise<KeyValueStore>;
  readonly chaincodes: ReadonlyMap<string, Chaincode>;
  readonly clock: () => Date;
  readonly verifierOf: (node: string) => Verifier;
  readonly onFailure: (node: string, error: unknown) => void;
}

/** An orderer's parts in all channels that its organisation orders. */
export interface RunningOrderer {
  readonly channels: ReadonlyMap<string, ChannelOrderer>;
  stop(): Promise<void>;
}

export async function startPeer(environment: NodeEnvironment, node: NodeName): Promise<Peer> {
  const { network, hubs, files, openRows, chaincodes, clock } = environment;
  const channels = network.definition.channels
    .filter(({ members }) => members.includes(node.mspId))
    .map(({ name }) => ({
      channelId: name,
      genesis: network.genesis(name),
      feed: (hubs.get(name) as ChannelHub).feed,
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
    onFailure: (error) => environment.onFailure(node.id, error),
  });
}

export async function startOrderer(environment: NodeEnvironment, node: NodeName): Promise<RunningOrderer> {
  const channels = new Map<string, ChannelOrderer>();
  try {
    for (const hub of environment.hubs.values()) {
      if (hub.idOf(node.id) !== undefined) {
        channels.set(hub.channelId, await startChannelOrderer(environment, node, hub));
      }
    }
  } catch (error) {
    await Promise.all([...channels.values()].map((orderer) => orderer.stop()));
    throw error;
  }
  for (const [channelId, orderer] of channels) environment.hubs.get(channelId)?.join(node.id, orderer);
  return {
    channels,
    async stop() {
      for (const channelId of channels.keys()) environment.hubs.get(channelId)?.leave(node.id);
      await Promise.all([...channels.values()].map((orderer) => orderer.stop()));
    },
  };
}

async function startChannelOrderer(
  environment: NodeEnvironment,
  node: NodeName,
  hub: ChannelHub,
): Promise<ChannelOrderer> {
  const { network, files } = environment;
  const directory = join(layout.node(network.directory, node.id), hub.channelId);
  await files.makeDirectory(directory);
  const store = await BlockStore.open(files, directory);
  let log: SigningLog | undefined;
  try {
    if (store.height === 0) {
      await store.append(0, genesisWithFilter(network.genesis(hub.channelId)));
      await store.sync();
    }
    const signing = await SigningLog.open(files, join(directory, 'signing'));
    log = signing.log;
    const settings = ordererSettings(environment, node, hub, directory);
    return await ChannelOrderer.start(settings, store, log, signing.records);
  } catch (error) {
    await store.close();
    await log?.close();
    throw error;
  }
}

function ordererSettings(
  environment: NodeEnvironment,
  node: NodeName,
  hub: ChannelHub,
  directory: string,
): OrdererSettings {
  const onFailure = (error: unknown): void => environment.onFailure(node.id, error);
  return {
    self: hub.idOf(node.id) as number,
    signer: signingIdentity(node.mspId, environment.network.nodeKeys(node.id)),
    verifier: environment.verifierOf(node.id),
    network: hub,
    clock: environment.clock,
    timeoutMs: TURN_TIMEOUT_MS,
    downTimeoutMs: DOWN_TIMEOUT_MS,
    onBlock: (number, bytes, block) => hub.publish(number, bytes, block),
    onEvidence: ({ authority, first, second }) => {
      const at = [first, second].map(({ height, turn, headerHash }) => ({
        height,
        turn,
        header: toHex(headerHash),
      }));
      void keepEvidence(directory, { authority, at }).catch(onFailure);
    },
    onFailure,
  };
}

async function keepEvidence(directory: string, evidence: object): Promise<void> {
  await mkdir(directory, { recursive: true });
  await appendFile(join(directory, 'evidence.ndjson'), `${JSON.stringify(evidence)}\n`, { flush: true });
}

/** Block 0 as peers store it too, so that every copy of it is the same. */
function genesisWithFilter(genesis: Uint8Array): Uint8Array {
  const { codes } = validateGenesis(genesis);
  return encodeBlock(withMetadata(decodeBlock(genesis), MetadataIndex.transactionsFilter, codes));
}
