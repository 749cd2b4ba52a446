import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createGenesisBlock, encodeSchedule } from '../config/index.ts';
import type { CertificateAuthority } from '../msp/index.ts';
import { LedgerError } from '../error.ts';
import { diskFiles } from '../storage/index.ts';
import {
  checkDefinition,
  DEFAULT_BATCH,
  type ChannelDefinition,
  type CheckedDefinition,
  type NetworkDefinition,
  type OrganisationDefinition,
} from './definition.ts';
import { readKeyPair, type KeyPair } from './keys.ts';
import { layout, type NodeName } from './layout.ts';
import { keptOrganisations } from './kept-organisations.ts';
import { configurationOf, consenterOf, KEYS, makeKeys } from './material.ts';

const FORMAT = 1;

/**
 * The files of a network on this machine: block 0 of every channel, and the keys of organisations and nodes. Who is a member
 * of a channel, and who orders it, stands in the channel's committed configuration. Reading it starts nothing.
 */
export interface Network {
  readonly directory: string;
  /** What block 0 of each channel was made from. */
  readonly definition: CheckedDefinition;
  /** Of the founding and since. */
  readonly organisations: readonly OrganisationDefinition[];
  readonly nodes: readonly NodeName[];
  /** @throws LedgerError BAD_NETWORK */
  organisation(mspId: string): OrganisationDefinition;
  /** @throws LedgerError BAD_NETWORK */
  channel(name: string): ChannelDefinition;
  /** The channels that a peer has joined: those whose block 0 names its organisation, and those it joined since. */
  channelsOf(peer: NodeName): readonly string[];
  /** Marshalled block 0. */
  genesis(channel: string): Uint8Array;
  /** For mutual TLS between the organisations' servers: own certificate and key, and the roots of every organisation. */
  tlsIdentity(mspId: string): { readonly cert: string; readonly key: string; readonly ca: string };
  /** The organisation's ledger administrator. */
  admin(mspId: string): KeyPair;
  nodeKeys(id: string): KeyPair;
  /** A node's TLS server certificate and key, by its organisation's TLS CA. */
  nodeTls(id: string): KeyPair;
  /** PEM of the organisation's TLS CA. */
  tlsRoot(mspId: string): string;
  authority(mspId: string): CertificateAuthority;
}

export interface CreateNetworkOptions {
  readonly directory: string;
  readonly definition: NetworkDefinition;
  readonly now: Date;
}

/**
 * Makes a network in an empty or missing directory: CAs, key pairs of nodes and administrators, TLS certificates, block 0 of
 * every channel. Complete on return; `network.json` is written last. @throws LedgerError BAD_NETWORK, BAD_DEFINITION
 */
export async function createNetwork(options: CreateNetworkOptions): Promise<Network> {
  const { directory, now } = options;
  const definition = checkDefinition(options.definition);
  if (existsSync(layout.network(directory))) {
    throw new LedgerError('BAD_NETWORK', `${directory} holds a network already`);
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const organisation of definition.organisations) await makeKeys(directory, organisation, now);
  const text = JSON.stringify({ format: FORMAT, definition }, undefined, 2);
  const network = networkOf(directory, definition);
  for (const channel of definition.channels) await writeGenesis(network, channel, now);
  await diskFiles.replace(layout.network(directory), Buffer.from(text));
  return network;
}

/** @throws LedgerError BAD_NETWORK */
export function openNetwork(directory: string): Network {
  const path = layout.network(directory);
  let stored: { format?: unknown; definition?: unknown };
  try {
    stored = JSON.parse(readFileSync(path, 'utf8')) as typeof stored;
  } catch (cause) {
    throw new LedgerError('BAD_NETWORK', `${directory} holds no network`, { cause });
  }
  if (stored.format !== FORMAT) {
    throw new LedgerError('BAD_NETWORK', `${path} is of format ${String(stored.format)}, not ${FORMAT}`);
  }
  return networkOf(directory, checkDefinition(stored.definition));
}

function networkOf(directory: string, definition: CheckedDefinition): Network {
  const kept = keptOrganisations(directory, definition.organisations);
  const organisations = () => kept().organisations;
  const nodes = () => kept().nodes;
  const organisation = (mspId: string) => {
    const found = organisations().find((candidate) => candidate.mspId === mspId);
    if (found === undefined) throw new LedgerError('BAD_NETWORK', `There is no organisation ${mspId}`);
    return found;
  };
  const keys = (mspId: string, name: string) =>
    readKeyPair(layout.organisation(directory, organisation(mspId).name), name);
  const node = (id: string) => {
    const found = nodes().find((candidate) => candidate.id === id);
    if (found === undefined) throw new LedgerError('UNKNOWN_NODE', `There is no node ${id}`);
    return found;
  };
  return {
    directory,
    definition,
    get organisations() {
      return organisations();
    },
    get nodes() {
      return nodes();
    },
    organisation,
    channel(name) {
      const found = definition.channels.find((candidate) => candidate.name === name);
      if (found === undefined) throw new LedgerError('BAD_NETWORK', `There is no channel ${name}`);
      return found;
    },
    channelsOf: ({ id, mspId }) =>
      definition.channels
        .filter(({ name, members }) => members.includes(mspId) || hasJoined(directory, id, name))
        .map(({ name }) => name),
    genesis: (channel) => readFileSync(layout.genesis(directory, channel)),
    tlsIdentity(mspId) {
      const { certificate, privateKey } = keys(mspId, KEYS.tls);
      const roots = organisations().map((each) => keys(each.mspId, KEYS.tlsCa).certificate);
      return { cert: certificate, key: privateKey, ca: roots.join('') };
    },
    admin: (mspId) => keys(mspId, KEYS.admin),
    nodeKeys: (id) => keys(node(id).mspId, id),
    nodeTls: (id) => keys(node(id).mspId, `${id}.tls`),
    tlsRoot: (mspId) => keys(mspId, KEYS.tlsCa).certificate,
    authority: (mspId) => keys(mspId, KEYS.ca),
  };
}

function hasJoined(directory: string, node: string, channel: string): boolean {
  return existsSync(layout.nodeChannel(directory, node, channel));
}

async function writeGenesis(network: Network, channel: ChannelDefinition, now: Date): Promise<void> {
  const { directory } = network;
  const members = channel.members.map((mspId) => network.organisation(mspId));
  const described = members.map((member) => configurationOf(directory, member));
  const orderers = network.nodes.filter(
    ({ kind, mspId }) => kind === 'orderer' && channel.members.includes(mspId),
  );
  const block = createGenesisBlock(
    {
      channelId: channel.name,
      organisations: described,
      ordererOrganisations: described.filter((_, i) => (members[i]?.orderers ?? 0) > 0),
      consensus: {
        type: 'BFT',
        metadata: encodeSchedule({ schedule: channel.schedule }),
        consenters: orderers.map((node, i) => consenterOf(directory, node, i + 1)),
      },
      batch: { ...DEFAULT_BATCH, ...channel.batch },
    },
    { timestamp: now, nonce: randomBytes(24) },
  );
  const path = layout.genesis(directory, channel.name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, block);
}
