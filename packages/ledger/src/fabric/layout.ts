import { join } from 'node:path';
import { FabricError } from './errors.ts';
import type { Consensus } from './programs.ts';

/** What a Fabric network is made of; a network definition of the embedded engine has the same shape. */
export interface FabricDefinition {
  readonly organisations: readonly FabricOrganisation[];
  readonly channels: readonly FabricChannel[];
}

export interface FabricOrganisation {
  /** Short name, part of host names: `peer0.north`. */
  readonly name: string;
  readonly mspId: string;
  readonly orderers: number;
}

export interface FabricChannel {
  readonly name: string;
  /** MSP ids of the application's organisations. Every organisation's orderers order every channel. */
  readonly members: readonly string[];
  readonly contracts: readonly FabricContract[];
}

export interface FabricContract {
  readonly name: string;
  readonly version: string;
  /** Signature policy in Fabric's notation, for example `OutOf(2,'NorthMSP.peer','SouthMSP.peer')`. */
  readonly endorsement: string;
}

export interface PeerNode {
  /** `peer0.north` */
  readonly id: string;
  readonly organisation: FabricOrganisation;
  readonly port: number;
  readonly chaincodePort: number;
  readonly operationsPort: number;
  /** Contract name → port on which the organisation's chaincode process for it listens. */
  readonly contractPorts: Readonly<Record<string, number>>;
}

export interface OrdererNode {
  /** `orderer0.north` */
  readonly id: string;
  readonly organisation: FabricOrganisation;
  readonly port: number;
  readonly adminPort: number;
  readonly operationsPort: number;
}

export interface Layout {
  readonly directory: string;
  readonly consensus: Consensus;
  readonly definition: FabricDefinition;
  readonly peers: readonly PeerNode[];
  readonly orderers: readonly OrdererNode[];
}

/** Fabric's BFT wants at least four orderers: three tolerate no lying one, and its quorum of three is then all of them. */
const MIN_ORDERERS: Readonly<Record<Consensus, number>> = { raft: 1, bft: 4 };

function contractNames(definition: FabricDefinition): string[] {
  return [...new Set(definition.channels.flatMap(({ contracts }) => contracts.map(({ name }) => name)))];
}

export function portsNeeded(definition: FabricDefinition): number {
  const orderers = definition.organisations.reduce((sum, { orderers }) => sum + orderers, 0);
  return definition.organisations.length * (3 + contractNames(definition).length) + orderers * 3;
}

/** Places one peer per organisation and the orderers on the given ports (as many as {@link portsNeeded} says). */
export function layOut(
  directory: string,
  consensus: Consensus,
  definition: FabricDefinition,
  ports: readonly number[],
): Layout {
  const next = takeFrom(ports);
  const contracts = contractNames(definition);
  const peers = definition.organisations.map((organisation) => ({
    id: `peer0.${organisation.name}`,
    organisation,
    port: next(),
    chaincodePort: next(),
    operationsPort: next(),
    contractPorts: Object.fromEntries(contracts.map((name) => [name, next()])),
  }));
  const orderers = definition.organisations.flatMap((organisation) =>
    Array.from({ length: organisation.orderers }, (_, index) => ({
      id: `orderer${index}.${organisation.name}`,
      organisation,
      port: next(),
      adminPort: next(),
      operationsPort: next(),
    })),
  );
  if (orderers.length < MIN_ORDERERS[consensus]) {
    throw new FabricError(
      'FABRIC_DEFINITION',
      `${consensus} needs at least ${MIN_ORDERERS[consensus]} orderers, the definition has ${orderers.length}`,
    );
  }
  return { directory, consensus, definition, peers, orderers };
}

/** Where things lie under the network's folder. */
export const places = {
  organisation: (at: { directory: string }, organisation: FabricOrganisation) =>
    join(at.directory, 'crypto', organisation.name),
  node: (at: { directory: string }, node: { id: string; organisation: FabricOrganisation }) =>
    join(places.organisation(at, node.organisation), 'nodes', node.id),
  admin: (at: { directory: string }, organisation: FabricOrganisation) =>
    join(places.organisation(at, organisation), 'admin'),
  data: (at: { directory: string }, node: { id: string }) => join(at.directory, 'data', node.id),
  config: (at: { directory: string }) => join(at.directory, 'config'),
  builder: (at: { directory: string }) => join(at.directory, 'builder'),
  logs: (at: { directory: string }) => join(at.directory, 'logs'),
  block: (at: { directory: string }, channel: string) => join(at.directory, 'blocks', `${channel}.block`),
  package: (at: { directory: string }, contract: string) =>
    join(at.directory, 'packages', `${contract}.tar.gz`),
};

function takeFrom(ports: readonly number[]): () => number {
  const rest = [...ports];
  return () => {
    const port = rest.shift();
    if (port === undefined) throw new Error('layOut was given too few ports');
    return port;
  };
}
