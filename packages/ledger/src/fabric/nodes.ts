import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { command, flags } from './command.ts';
import { places } from './layout.ts';
import type { Layout, OrdererNode, PeerNode } from './layout.ts';
import { adminEnvironment, ordererEnvironment, peerEnvironment } from './node-environment.ts';
import type { Deployment } from './deploy.ts';
import type { Processes } from './processes.ts';

const READY_LIMIT_MS = 60_000;

/** Starts the program of one peer or orderer; it may not answer yet. */
export function startNode({ layout, programs, processes }: Deployment, node: PeerNode | OrdererNode): void {
  const program =
    'adminPort' in node
      ? { path: programs.paths.orderer, args: [], env: ordererEnvironment(layout, node) }
      : { path: programs.paths.peer, args: ['node', 'start'], env: peerEnvironment(layout, node) };
  processes.start(node.id, program);
}

/** Starts every orderer and peer and waits until their ports answer. */
export async function startNodes(network: Deployment): Promise<void> {
  const { layout, processes } = network;
  const nodes = [...layout.orderers, ...layout.peers];
  for (const node of nodes) startNode(network, node);
  await Promise.all(nodes.map((node) => untilListening(processes, node)));
}

export async function untilListening(processes: Processes, node: PeerNode | OrdererNode): Promise<void> {
  const port = 'adminPort' in node ? node.adminPort : node.port;
  await processes.until(`${node.id} listening`, [node.id], READY_LIMIT_MS, () => answers(port));
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** Joins orderers and members' peers to every channel and waits until transactions are taken. */
export async function joinChannels({ layout, programs, processes }: Deployment): Promise<void> {
  for (const channel of layout.definition.channels) {
    const block = places.block(layout, channel.name);
    await Promise.all(
      layout.orderers.map((orderer) => joinOrderer({ layout, programs }, orderer, channel.name)),
    );
    await Promise.all(
      layout.peers
        .filter(({ organisation }) => channel.members.includes(organisation.mspId))
        .map(({ organisation }) =>
          command(
            programs.paths.peer,
            ['channel', 'join', '-b', block],
            adminEnvironment(layout, organisation),
          ),
        ),
    );
  }
  await untilLeaders(layout, processes);
}

async function joinOrderer(
  { layout, programs }: Pick<Deployment, 'layout' | 'programs'>,
  orderer: OrdererNode,
  channel: string,
): Promise<void> {
  const tls = (file: string) => join(places.node(layout, orderer), 'tls', file);
  const target = flags({
    channelID: channel,
    'config-block': places.block(layout, channel),
    'orderer-address': `127.0.0.1:${orderer.adminPort}`,
    'ca-file': tls('ca.crt'),
    'client-cert': tls('server.crt'),
    'client-key': tls('server.key'),
  });
  await command(programs.paths.osnadmin, ['channel', 'join', ...target]);
}

/** Raft refuses transactions until a leader is elected; SmartBFT holds them. */
async function untilLeaders(layout: Layout, processes: Processes): Promise<void> {
  if (layout.consensus !== 'raft') return;
  const ids = layout.orderers.map(({ id }) => id);
  const { channels } = layout.definition;
  await processes.until('electing leaders', ids, READY_LIMIT_MS, async () => {
    const logs = await Promise.all(ids.map((id) => readFile(processes.logOf(id), 'utf8')));
    const lines = logs
      .join('\n')
      .split('\n')
      .filter((line) => line.includes('Start accepting requests'));
    return channels.every(({ name }) => lines.some((line) => line.includes(`channel=${name} `)));
  });
}
