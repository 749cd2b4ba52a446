import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import type { Client } from '@grpc/grpc-js';
import { join } from 'node:path';
import { writeBuilder } from './builder.ts';
import { peerClient, untilDiscovered } from './connect.ts';
import { command } from './command.ts';
import { configtx, DEFAULT_BATCH } from './configtx.ts';
import type { BatchLimits } from './configtx.ts';
import { defineContract, installContract } from './deploy.ts';
import type { ChaincodeSource, Deployment } from './deploy.ts';
import { FabricError } from './errors.ts';
import { layOut, places, portsNeeded } from './layout.ts';
import type { FabricDefinition, Layout } from './layout.ts';
import { writeMaterial } from './material.ts';
import type { OrganisationMaterial } from './material.ts';
import { adaptCoreYaml, peerOf } from './node-environment.ts';
import { joinChannels, startNode, startNodes, untilListening } from './nodes.ts';
import { freePorts } from './ports.ts';
import { Processes } from './processes.ts';
import { findPrograms, requireConsensus } from './programs.ts';
import type { Consensus, FabricPrograms } from './programs.ts';

export interface FabricOptions {
  /** Empty or absent folder; everything the network writes is in it, and nothing is removed from it. */
  readonly directory: string;
  readonly consensus: Consensus;
  readonly definition: FabricDefinition;
  readonly chaincodes: Readonly<Record<string, ChaincodeSource>>;
  readonly batch?: BatchLimits;
  readonly programs?: FabricPrograms;
}

/** A running network of Fabric's own programs on loopback. */
export interface FabricNetwork {
  readonly layout: Layout;
  readonly programs: FabricPrograms;
  readonly material: readonly OrganisationMaterial[];
  /** A gRPC client of the gateway of the organisation's peer; the network closes it. */
  client(mspId: string): Client;
  /** Ends `peer0.north`, `orderer0.north` or a chaincode process (`health.north`); SIGKILL plays a crash. */
  stop(id: string, signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts a stopped peer or orderer with the data it has; returns when it answers (a peer: for every contract). One that runs is left alone. */
  start(id: string): Promise<void>;
  /** Holds a node still without closing its connections, or lets it go on. */
  pause(id: string): void;
  resume(id: string): void;
  /** Ends every process of the network, and only those. */
  close(): Promise<void>;
}

/**
 * Builds and starts a network of one peer per organisation; when it returns, every contract is committed on its channels by
 * real transactions. On failure everything it started is ended before it throws; the logs stay in `directory`/logs.
 */
export async function startFabric(options: FabricOptions): Promise<FabricNetwork> {
  const programs = options.programs ?? findPrograms();
  requireConsensus(programs.version, options.consensus);
  const layout = await place(options);
  const material = await writeMaterial(layout, new Date());
  await writeConfiguration(layout, programs, options.batch ?? DEFAULT_BATCH);

  const processes = new Processes(places.logs(layout));
  const network = new Network(layout, programs, material, processes);
  try {
    await startNodes(network);
    await joinChannels(network);
    await deployAll(network, options.chaincodes);
    await Promise.all(layout.peers.map(({ organisation }) => untilDiscovered(network, organisation.mspId)));
    return network;
  } catch (error) {
    await network.close();
    throw error;
  }
}

async function place({ directory, consensus, definition }: FabricOptions): Promise<Layout> {
  return layOut(directory, consensus, definition, await freePorts(portsNeeded(definition)));
}

async function writeConfiguration(
  layout: Layout,
  programs: FabricPrograms,
  batch: BatchLimits,
): Promise<void> {
  const config = places.config(layout);
  await mkdir(config, { recursive: true });
  const core = await readFile(join(programs.config, 'core.yaml'), 'utf8');
  await writeBuilder(places.builder(layout));
  await writeFile(join(config, 'core.yaml'), adaptCoreYaml(core, places.builder(layout)));
  await copyFile(join(programs.config, 'orderer.yaml'), join(config, 'orderer.yaml'));
  await writeFile(join(config, 'configtx.yaml'), configtx(layout, batch));
  for (const { name } of layout.definition.channels) {
    const output = ['-outputBlock', places.block(layout, name)];
    await command(programs.paths.configtxgen, [
      '-configPath',
      config,
      '-profile',
      name,
      '-channelID',
      name,
      ...output,
    ]);
  }
}

async function deployAll(network: Deployment, chaincodes: FabricOptions['chaincodes']): Promise<void> {
  const packages = new Map<string, string>();
  for (const channel of network.layout.definition.channels) {
    for (const contract of channel.contracts) {
      const source = chaincodes[contract.name];
      if (source === undefined)
        throw new FabricError('FABRIC_DEFINITION', `no code was given for ${contract.name}`);
      const packageId = packages.get(contract.name) ?? (await installContract(network, contract, source)).id;
      packages.set(contract.name, packageId);
      await defineContract(network, channel, contract, { packageId });
    }
  }
}

class Network implements FabricNetwork {
  readonly layout: Layout;
  readonly programs: FabricPrograms;
  readonly material: readonly OrganisationMaterial[];
  readonly processes: Processes;
  readonly #clients = new Map<string, Client>();

  constructor(
    layout: Layout,
    programs: FabricPrograms,
    material: readonly OrganisationMaterial[],
    processes: Processes,
  ) {
    this.layout = layout;
    this.programs = programs;
    this.material = material;
    this.processes = processes;
  }

  client(mspId: string): Client {
    const client = this.#clients.get(mspId) ?? peerClient(peerOf(this.layout, mspId), this.material);
    this.#clients.set(mspId, client);
    return client;
  }

  stop(id: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    return this.processes.stop(id, signal);
  }

  async start(id: string): Promise<void> {
    const node = [...this.layout.peers, ...this.layout.orderers].find((each) => each.id === id);
    if (node === undefined) throw new FabricError('FABRIC_DEFINITION', `there is no node ${id}`);
    if (this.processes.isRunning(id)) return;
    startNode(this, node);
    await untilListening(this.processes, node);
    if (!('adminPort' in node)) await untilDiscovered(this, node.organisation.mspId);
  }

  pause(id: string): void {
    this.processes.signal(id, 'SIGSTOP');
  }

  resume(id: string): void {
    this.processes.signal(id, 'SIGCONT');
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
    await this.processes.stopAll();
  }
}
