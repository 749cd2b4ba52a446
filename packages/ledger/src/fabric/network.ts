import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { writeBuilder } from './builder.ts';
import { command } from './command.ts';
import { configtx, DEFAULT_BATCH } from './configtx.ts';
import type { BatchLimits } from './configtx.ts';
import { defineContract, installContract } from './deploy.ts';
import type { ChaincodeSource } from './deploy.ts';
import { FabricError } from './errors.ts';
import { layOut, places, portsNeeded } from './layout.ts';
import type { FabricDefinition, Layout, OrdererNode, PeerNode } from './layout.ts';
import { writeMaterial } from './material.ts';
import type { OrganisationMaterial } from './material.ts';
import { adaptCoreYaml, adminEnvironment, ordererEnvironment, peerEnvironment } from './node-environment.ts';
import { freePorts } from './ports.ts';
import { Processes } from './processes.ts';
import { findPrograms, requireConsensus } from './programs.ts';
import type { Consensus, FabricPrograms } from './programs.ts';

const READY_LIMIT_MS = 60_000;

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
  /** Ends `peer0.north`, `orderer0.north` or a chaincode process (`health.north`); SIGKILL plays a crash. */
  stop(id: string, signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts a stopped peer or orderer with the data it has; returns when its port answers. */
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
  try {
    await startNodes(layout, programs, processes);
    await joinChannels(layout, programs, processes);
    await deployAll(layout, programs, processes, options.chaincodes);
  } catch (error) {
    await processes.stopAll();
    throw error;
  }
  return new Network(layout, programs, material, processes);
}

async function place({ directory, consensus, definition }: FabricOptions): Promise<Layout> {
  return layOut(directory, consensus, definition, await freePorts(portsNeeded(definition)));
}

async function writeConfiguration(layout: Layout, programs: FabricPrograms, batch: BatchLimits): Promise<void> {
  const config = places.config(layout);
  await mkdir(config, { recursive: true });
  const core = await readFile(join(programs.config, 'core.yaml'), 'utf8');
  await writeBuilder(places.builder(layout));
  await writeFile(join(config, 'core.yaml'), adaptCoreYaml(core, places.builder(layout)));
  await copyFile(join(programs.config, 'orderer.yaml'), join(config, 'orderer.yaml'));
  await writeFile(join(config, 'configtx.yaml'), configtx(layout, batch));
  for (const { name } of layout.definition.channels) {
    const output = ['-outputBlock', places.block(layout, name)];
    await command(programs.paths.configtxgen, ['-configPath', config, '-profile', name, '-channelID', name, ...output]);
  }
}

function startNode(layout: Layout, programs: FabricPrograms, processes: Processes, node: PeerNode | OrdererNode): void {
  const program =
    'adminPort' in node
      ? { path: programs.paths.orderer, args: [], env: ordererEnvironment(layout, node) }
      : { path: programs.paths.peer, args: ['node', 'start'], env: peerEnvironment(layout, node) };
  processes.start(node.id, program);
}

async function startNodes(layout: Layout, programs: FabricPrograms, processes: Processes): Promise<void> {
  const nodes = [...layout.orderers, ...layout.peers];
  for (const node of nodes) startNode(layout, programs, processes, node);
  await Promise.all(nodes.map((node) => untilListening(processes, node)));
}

async function untilListening(processes: Processes, node: PeerNode | OrdererNode): Promise<void> {
  const port = 'adminPort' in node ? node.adminPort : node.port;
  await processes.until(`${node.id} listening`, [node.id], READY_LIMIT_MS, () => answers(port));
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: '127.0.0.1', port });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

async function joinChannels(layout: Layout, programs: FabricPrograms, processes: Processes): Promise<void> {
  for (const channel of layout.definition.channels) {
    const block = places.block(layout, channel.name);
    await Promise.all(layout.orderers.map((orderer) => joinOrderer(layout, programs, orderer, channel.name)));
    await Promise.all(
      layout.peers
        .filter(({ organisation }) => channel.members.includes(organisation.mspId))
        .map(({ organisation }) =>
          command(programs.paths.peer, ['channel', 'join', '-b', block], adminEnvironment(layout, organisation)),
        ),
    );
  }
  await untilLeaders(layout, processes);
}

async function joinOrderer(layout: Layout, programs: FabricPrograms, orderer: OrdererNode, channel: string): Promise<void> {
  const tls = (file: string) => join(places.node(layout, orderer), 'tls', file);
  await command(programs.paths.osnadmin, [
    ...['channel', 'join', '--channelID', channel, '--config-block', places.block(layout, channel)],
    ...['-o', `127.0.0.1:${orderer.adminPort}`, '--ca-file', tls('ca.crt')],
    ...['--client-cert', tls('server.crt'), '--client-key', tls('server.key')],
  ]);
}

/** Raft refuses transactions until a leader is elected; SmartBFT holds them. */
async function untilLeaders(layout: Layout, processes: Processes): Promise<void> {
  if (layout.consensus !== 'raft') return;
  const ids = layout.orderers.map(({ id }) => id);
  const { channels } = layout.definition;
  await processes.until('electing leaders', ids, READY_LIMIT_MS, async () => {
    const logs = await Promise.all(ids.map((id) => readFile(processes.logOf(id), 'utf8')));
    return channels.every(({ name }) =>
      logs.some((log) => log.split('\n').some((line) => line.includes('Start accepting requests') && line.includes(`channel=${name}`))),
    );
  });
}

async function deployAll(
  layout: Layout,
  programs: FabricPrograms,
  processes: Processes,
  chaincodes: FabricOptions['chaincodes'],
): Promise<void> {
  const deployment = { layout, programs, processes };
  const packages = new Map<string, string>();
  for (const channel of layout.definition.channels) {
    for (const contract of channel.contracts) {
      const source = chaincodes[contract.name];
      if (source === undefined) throw new FabricError('FABRIC_DEFINITION', `no code was given for ${contract.name}`);
      const packageId = packages.get(contract.name) ?? (await installContract(deployment, contract, source)).id;
      packages.set(contract.name, packageId);
      await defineContract(deployment, channel, contract, { packageId });
    }
  }
}

class Network implements FabricNetwork {
  readonly layout: Layout;
  readonly programs: FabricPrograms;
  readonly material: readonly OrganisationMaterial[];
  readonly #processes: Processes;

  constructor(layout: Layout, programs: FabricPrograms, material: readonly OrganisationMaterial[], processes: Processes) {
    this.layout = layout;
    this.programs = programs;
    this.material = material;
    this.#processes = processes;
  }

  stop(id: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    return this.#processes.stop(id, signal);
  }

  async start(id: string): Promise<void> {
    const node = [...this.layout.peers, ...this.layout.orderers].find((each) => each.id === id);
    if (node === undefined) throw new FabricError('FABRIC_DEFINITION', `there is no node ${id}`);
    startNode(this.layout, this.programs, this.#processes, node);
    await untilListening(this.#processes, node);
  }

  pause(id: string): void {
    this.#processes.signal(id, 'SIGSTOP');
  }

  resume(id: string): void {
    this.#processes.signal(id, 'SIGCONT');
  }

  close(): Promise<void> {
    return this.#processes.stopAll();
  }
}
