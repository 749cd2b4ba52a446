import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  createGenesisBlock,
  encodeSchedule,
  type Consenter,
  type GenesisOrganisation,
} from '../config/index.ts';
import {
  createAuthority,
  encodeMspConfig,
  issueIdentity,
  issueTls,
  type CertificateAuthority,
} from '../msp/index.ts';
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
import { readKeyPair, writeKeyPair, type KeyPair } from './keys.ts';
import { addressOf, layout, nodesOf, ORDERER_PORT, PEER_PORT, type NodeName } from './layout.ts';

const FORMAT = 1;
const AUTHORITY_YEARS = 15;
const NODE_YEARS = 10;
/** Certificates begin a little before they are made, for clocks that differ. */
const BACKDATE_MS = 5 * 60 * 1000;

/** Names of key pairs in an organisation's folder. */
const KEYS = { ca: 'ca', tlsCa: 'tlsca', admin: 'admin', tls: 'tls' } as const;

/** A network on disk: keys and block 0 of every channel. Reading it starts nothing. */
export interface Network {
  readonly directory: string;
  readonly definition: CheckedDefinition;
  readonly nodes: readonly NodeName[];
  organisation(mspId: string): OrganisationDefinition;
  channel(name: string): ChannelDefinition;
  /** Marshalled block 0. */
  genesis(channel: string): Uint8Array;
  /** For mutual TLS between the organisations' servers: own certificate and key, and the roots of every organisation. */
  tlsIdentity(mspId: string): { readonly cert: string; readonly key: string; readonly ca: string };
  /** The organisation's ledger administrator. */
  admin(mspId: string): KeyPair;
  nodeKeys(id: string): KeyPair;
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
  for (const organisation of definition.organisations)
    await makeKeys(directory, definition, organisation, now);
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
  const nodes = nodesOf(definition);
  const organisation = (mspId: string) => {
    const found = definition.organisations.find((candidate) => candidate.mspId === mspId);
    if (found === undefined) throw new LedgerError('BAD_NETWORK', `There is no organisation ${mspId}`);
    return found;
  };
  const keys = (mspId: string, name: string) =>
    readKeyPair(layout.organisation(directory, organisation(mspId).name), name);
  return {
    directory,
    definition,
    nodes,
    organisation,
    channel(name) {
      const found = definition.channels.find((candidate) => candidate.name === name);
      if (found === undefined) throw new LedgerError('BAD_NETWORK', `There is no channel ${name}`);
      return found;
    },
    genesis: (channel) => readFileSync(layout.genesis(directory, channel)),
    tlsIdentity(mspId) {
      const { certificate, privateKey } = keys(mspId, KEYS.tls);
      const roots = definition.organisations.map((each) => keys(each.mspId, KEYS.tlsCa).certificate);
      return { cert: certificate, key: privateKey, ca: roots.join('') };
    },
    admin: (mspId) => keys(mspId, KEYS.admin),
    nodeKeys(id) {
      const node = nodes.find((candidate) => candidate.id === id);
      if (node === undefined) throw new LedgerError('UNKNOWN_NODE', `There is no node ${id}`);
      return keys(node.mspId, id);
    },
    authority: (mspId) => keys(mspId, KEYS.ca),
  };
}

async function makeKeys(
  directory: string,
  definition: CheckedDefinition,
  organisation: OrganisationDefinition,
  now: Date,
): Promise<void> {
  const folder = layout.organisation(directory, organisation.name);
  const notBefore = new Date(now.getTime() - BACKDATE_MS);
  const named = { organization: organisation.domain, notBefore, notAfter: yearsAfter(now, AUTHORITY_YEARS) };
  const ca = await createAuthority({ commonName: `ca.${organisation.domain}`, ...named });
  const tlsCa = await createAuthority({ commonName: `tlsca.${organisation.domain}`, ...named });
  await writeKeyPair(folder, KEYS.ca, ca);
  await writeKeyPair(folder, KEYS.tlsCa, tlsCa);
  const validity = { notBefore, notAfter: yearsAfter(now, NODE_YEARS) };
  const admin = await issueIdentity(ca, {
    commonName: `Admin@${organisation.domain}`,
    ou: 'admin',
    ...validity,
  });
  await writeKeyPair(folder, KEYS.admin, admin);
  const hosts = [organisation.domain, `${organisation.name}.localhost`, 'localhost', '127.0.0.1'];
  const tls = await issueTls(tlsCa, { commonName: organisation.domain, hosts, ...validity });
  await writeKeyPair(folder, KEYS.tls, tls);
  for (const node of nodesOf(definition).filter(({ mspId }) => mspId === organisation.mspId)) {
    const identity = await issueIdentity(ca, { commonName: node.host, ou: node.kind, ...validity });
    await writeKeyPair(folder, node.id, identity);
    const nodeHosts = [node.host, 'localhost', '127.0.0.1'];
    const nodeTls = await issueTls(tlsCa, { commonName: node.host, hosts: nodeHosts, ...validity });
    await writeKeyPair(folder, `${node.id}.tls`, nodeTls);
  }
}

async function writeGenesis(network: Network, channel: ChannelDefinition, now: Date): Promise<void> {
  const members = channel.members.map((mspId) => network.organisation(mspId));
  const organisations = members.map((member) => genesisOrganisation(network, member));
  const block = createGenesisBlock(
    {
      channelId: channel.name,
      organisations,
      ordererOrganisations: organisations.filter((_, i) => (members[i]?.orderers ?? 0) > 0),
      consensus: {
        type: 'BFT',
        metadata: encodeSchedule({ schedule: channel.schedule }),
        consenters: consentersOf(network, channel),
      },
      batch: { ...DEFAULT_BATCH, ...channel.batch },
    },
    { timestamp: now, nonce: randomBytes(24) },
  );
  const path = layout.genesis(network.directory, channel.name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, block);
}

function genesisOrganisation(network: Network, organisation: OrganisationDefinition): GenesisOrganisation {
  const folder = layout.organisation(network.directory, organisation.name);
  const own = network.nodes.filter(({ mspId }) => mspId === organisation.mspId);
  return {
    name: organisation.mspId,
    mspId: organisation.mspId,
    mspConfig: encodeMspConfig({
      mspId: organisation.mspId,
      rootCerts: [readKeyPair(folder, KEYS.ca).certificate],
      tlsRootCerts: [readKeyPair(folder, KEYS.tlsCa).certificate],
    }),
    anchorPeers: own.filter(({ kind }) => kind === 'peer').map(({ host }) => ({ host, port: PEER_PORT })),
    ordererEndpoints: own.filter(({ kind }) => kind === 'orderer').map(addressOf),
  };
}

/** Orderers of the members, numbered from 1 in the order of the definition. */
export function consentersOf(network: Network, channel: ChannelDefinition): Consenter[] {
  return orderersOf(network, channel).map((node, i) => {
    const tls = readKeyPair(layout.organisation(network.directory, node.organisation), `${node.id}.tls`);
    return {
      id: i + 1,
      mspId: node.mspId,
      host: node.host,
      port: ORDERER_PORT,
      identity: network.nodeKeys(node.id).certificate,
      clientTlsCert: tls.certificate,
      serverTlsCert: tls.certificate,
    };
  });
}

export function orderersOf(network: Network, channel: ChannelDefinition): NodeName[] {
  return network.nodes.filter(({ kind, mspId }) => kind === 'orderer' && channel.members.includes(mspId));
}

function yearsAfter(now: Date, years: number): Date {
  const later = new Date(now);
  later.setUTCFullYear(later.getUTCFullYear() + years);
  return later;
}
