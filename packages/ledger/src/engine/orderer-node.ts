import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes, toHex } from '@healthchain/core';
import { consenterIdOf, type ChannelConfig } from '../config/index.ts';
import type { Verifier } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { tipAfter, tipOf, type ChainTip } from '../ordering/chain-tip.ts';
import { configFromBlockOnce } from '../ordering/configs.ts';
import { checkFinality, councilOf } from '../ordering/council.ts';
import {
  BlockStore,
  ChannelOrderer,
  decodeBlock,
  encodeBlock,
  MetadataIndex,
  SigningLog,
  withMetadata,
  type OrdererSettings,
} from '../ordering/index.ts';
import { dataHashOnce, mustBeWellFormed } from '../ordering/parsed.ts';
import { openBlock } from '../ordering/turn-metadata.ts';
import { validateGenesis } from '../validation/index.ts';
import type { ChannelHub } from './hub.ts';
import { signingIdentity } from './keys.ts';
import { layout, type NodeName } from './layout.ts';
import type { NodeEnvironment } from './nodes.ts';

/** How long authorities wait for a proposer before they pass its turn over. */
const TURN_TIMEOUT_MS = 300;
/** The same when the connection to the proposer is known to be down. */
const DOWN_TIMEOUT_MS = 5;

/** An orderer's parts in all channels whose committed configuration names its certificate among the consenters. */
export class OrdererNode {
  readonly #environment: NodeEnvironment;
  readonly #node: NodeName;
  readonly #channels = new Map<string, ChannelOrderer>();

  private constructor(environment: NodeEnvironment, node: NodeName) {
    this.#environment = environment;
    this.#node = node;
  }

  static async start(environment: NodeEnvironment, node: NodeName): Promise<OrdererNode> {
    const orderer = new OrdererNode(environment, node);
    try {
      for (const channelId of environment.hubs.keys()) await orderer.join(channelId);
    } catch (error) {
      await orderer.stop();
      throw error;
    }
    return orderer;
  }

  get id(): string {
    return this.#node.id;
  }

  get host(): string {
    return this.#node.host;
  }

  get channels(): ReadonlyMap<string, ChannelOrderer> {
    return this.#channels;
  }

  isConsenter(config: ChannelConfig): boolean {
    return consenterIdOf(config, this.#certificate) !== undefined;
  }

  /** Takes up its part in a channel where the newest configuration that can be had makes it a consenter. */
  async join(channelId: string): Promise<void> {
    const hub = this.#environment.hubs.get(channelId);
    const known = this.#environment.config(channelId);
    const isKnown = known !== undefined && this.isConsenter(known);
    if (hub === undefined || !(isKnown || (await this.#hasPart(channelId)))) return;
    const started = await startPart(this.#environment, this.#node, hub);
    if (started === undefined) return;
    this.#channels.set(channelId, started.orderer);
    hub.join(this.#node.id, started.id, started.orderer);
  }

  async leave(channelId: string): Promise<void> {
    const orderer = this.#channels.get(channelId);
    this.#channels.delete(channelId);
    if (orderer === undefined) return;
    this.#environment.hubs.get(channelId)?.leave(this.#node.id);
    await orderer.stop();
  }

  async stop(): Promise<void> {
    const channels = [...this.#channels.keys()];
    for (const channelId of channels) this.#environment.hubs.get(channelId)?.leave(this.#node.id);
    await Promise.all(channels.map((channelId) => this.leave(channelId)));
  }

  get #certificate(): string {
    return this.#environment.network.nodeKeys(this.#node.id).certificate;
  }

  /** Of block 0, or with blocks of its own from before. */
  async #hasPart(channelId: string): Promise<boolean> {
    const { network, files } = this.#environment;
    if (this.isConsenter(configFromBlockOnce(network.genesis(channelId)))) return true;
    const names = await files.list(layout.nodeChannel(network.directory, this.#node.id, channelId));
    return names.length > 0;
  }
}

/** Undefined when neither the blocks here nor the newest configuration of other nodes make it a consenter. */
async function startPart(
  environment: NodeEnvironment,
  node: NodeName,
  hub: ChannelHub,
): Promise<{ readonly id: number; readonly orderer: ChannelOrderer } | undefined> {
  const { network, files } = environment;
  const directory = layout.nodeChannel(network.directory, node.id, hub.channelId);
  await files.makeDirectory(directory);
  const store = await BlockStore.open(files, directory);
  let log: SigningLog | undefined;
  try {
    if (store.height === 0) {
      await store.append(0, [genesisWithFilter(network.genesis(hub.channelId))]);
      await store.sync();
    }
    const { config } = await replicate(store, hub, environment.verifierOf(node.id));
    const self = consenterIdOf(config, network.nodeKeys(node.id).certificate);
    if (self === undefined) {
      await store.close();
      return undefined;
    }
    const signing = await SigningLog.open(files, join(directory, 'signing'));
    log = signing.log;
    const settings = ordererSettings(environment, node, hub, { directory, self });
    return { id: self, orderer: await ChannelOrderer.start(settings, store, log, signing.records) };
  } catch (error) {
    await store.close();
    await log?.close();
    throw error;
  }
}

/**
 * Appends the blocks that running orderers have, each judged by the configuration before it: a consenter that joins may have
 * no authority in common with those of block 0.
 */
async function replicate(store: BlockStore, hub: ChannelHub, verifier: Verifier): Promise<ChainTip> {
  let tip = await tipOf(store);
  for await (const bytes of hub.blocksOfAny(tip.height)) {
    const block = decodeBlock(bytes);
    const { number, previousHash, dataHash } = block.header;
    const isNext = number === BigInt(tip.height) && equalBytes(previousHash, tip.previousHash);
    if (!isNext || !equalBytes(dataHash, dataHashOnce(block.data))) {
      throw new LedgerError(
        'BAD_BLOCK',
        `Block ${tip.height} of another orderer does not continue the chain`,
      );
    }
    mustBeWellFormed(number, block.data);
    await checkFinality(councilOf(tip.config), verifier, openBlock(block));
    await store.append(tip.height, [bytes]);
    tip = tipAfter(tip, block);
  }
  await store.sync();
  return tip;
}

function ordererSettings(
  environment: NodeEnvironment,
  node: NodeName,
  hub: ChannelHub,
  own: { readonly directory: string; readonly self: number },
): OrdererSettings {
  const onFailure = (error: unknown): void => environment.onFailure(node.id, error);
  return {
    self: own.self,
    signer: signingIdentity(node.mspId, environment.network.nodeKeys(node.id)),
    verifier: environment.verifierOf(node.id),
    network: hub,
    clock: environment.clock,
    timeoutMs: TURN_TIMEOUT_MS,
    downTimeoutMs: DOWN_TIMEOUT_MS,
    onBlock: (delivered) => hub.publish(delivered),
    onEvidence: ({ authority, first, second, proof }) => {
      const at = [first, second].map(({ height, turn, headerHash }, i) => ({
        height,
        turn,
        header: toHex(headerHash),
        message: toHex(proof[i]?.message ?? new Uint8Array()),
        signature: toHex(proof[i]?.signature ?? new Uint8Array()),
      }));
      void keepEvidence(own.directory, { authority, at }).catch(onFailure);
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
