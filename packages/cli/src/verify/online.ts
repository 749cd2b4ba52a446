import { decodeBlock, openNetwork, type Network } from '@healthchain/ledger';
import type { ConsortiumStatus } from '../commands/nodes.ts';
import type { Circle } from '../consortium/found.ts';
import { tryLock } from '../consortium/lock.ts';
import { ledgerDirectory, type ConsortiumState } from '../consortium/state.ts';
import { control } from '../control/client.ts';
import { CliError } from '../error.ts';
import { until } from '../wait.ts';
import { LastCheckpoints, verifyAccessLogs } from './access-logs.ts';
import { verifyChannel, type Peer } from './channel.ts';
import { reportOf, type AccessLogReport, type CopyReport, type VerifyReport } from './report.ts';

/** How long running peers may take to have the blocks that any of them had at the call. */
const SETTLE_MS = 15_000;

/**
 * Verifies every peer's copy of every channel from the genesis block on, and every custodian's access log against the ledger. Running
 * peers are asked for their blocks and state; of the others, and when nothing runs, the files are read and left as they are, and
 * nothing can be started meanwhile.
 */
export async function verifyConsortium(
  data: string,
  state: ConsortiumState,
  onProgress: (line: string) => void,
): Promise<VerifyReport> {
  const lock = tryLock(data);
  try {
    const status = lock === undefined ? await settledStatus(data) : undefined;
    return await verifyAll(data, state, status, onProgress);
  } finally {
    lock?.release();
  }
}

async function verifyAll(
  data: string,
  state: ConsortiumState,
  status: ConsortiumStatus | undefined,
  onProgress: (line: string) => void,
): Promise<VerifyReport> {
  const network = openNetwork(ledgerDirectory(data));
  const peers = peersOf(network, status);
  const copies: CopyReport[] = [];
  const accessLogs: AccessLogReport[] = [];
  const notChecked = new Set<string>();
  for (const { name: channel } of network.definition.channels) {
    const checkpoints = new LastCheckpoints();
    const onRow = checkpoints.take.bind(checkpoints);
    const genesisHash = decodeBlock(network.genesis(channel)).headerHash;
    const here = peers.filter(({ channels }) => channels.includes(channel));
    const verified = await verifyChannel({ data, channel, genesisHash, onRow, onProgress }, here);
    copies.push(...verified.reports);
    for (const line of verified.notChecked) notChecked.add(line);
    onProgress(`${channel}: access logs`);
    accessLogs.push(...verifyAccessLogs(data, state, channel as Circle, checkpoints));
  }
  return reportOf(copies, accessLogs, [...notChecked]);
}

/** The peers as the running consortium shows them; with none running all are stopped. */
function peersOf(network: Network, status: ConsortiumStatus | undefined): Peer[] {
  return network.nodes
    .filter(({ kind }) => kind === 'peer')
    .map((node) => {
      const { id, organisation } = node;
      const shown = status?.nodes.find(
        (shown) => shown.part === 'peer' && shown.organisation === organisation,
      );
      const channels = network.channelsOf(node);
      return {
        id,
        channels,
        state: shown?.state ?? 'stopped',
        ...(shown?.reason === undefined ? {} : { reason: shown.reason }),
      };
    });
}

/** Status after every running peer got what any of them had at the call, or the time for it is over. */
async function settledStatus(data: string): Promise<ConsortiumStatus> {
  const first = await control<ConsortiumStatus>(data, 'status');
  const wanted = runningPeers(first).map(({ heights }) => heights);
  const target = (channel: string): number => Math.max(0, ...wanted.map((heights) => heights[channel] ?? 0));
  const isSettled = async (): Promise<boolean> => {
    const peers = runningPeers(await control<ConsortiumStatus>(data, 'status'));
    return peers.every(({ heights }) =>
      Object.entries(heights).every(([channel, height]) => height >= target(channel)),
    );
  };
  await until(isSettled, 'the peers to have the same blocks', SETTLE_MS).catch((error: unknown) => {
    if (!(error instanceof CliError)) throw error;
  });
  return control<ConsortiumStatus>(data, 'status');
}

function runningPeers({ nodes }: ConsortiumStatus): ConsortiumStatus['nodes'] {
  return nodes.filter(({ part, state }) => part === 'peer' && state === 'running');
}
