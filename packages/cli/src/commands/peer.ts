import type { RebuildReport, RepairReport } from '@healthchain/ledger';
import { optionalText } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { control } from '../control/client.ts';
import { CliError } from '../error.ts';

type Work = (node: string, context: CommandContext) => Promise<void>;

const ACTIONS: Readonly<Record<string, Work>> = { repair, rebuild };

export const peer: Command = {
  summary:
    'Puts one node’s files right while the others go on. repair: damaged blocks from other nodes, rows and state from the blocks, also an orderer’s; rebuild: a peer’s state, history and indexes again from its blocks.',
  usage: `${Object.keys(ACTIONS).join('|')} ORGANISATION|NODE [--channel NAME] [--json]`,
  options: { channel: { type: 'string' } },
  async run(context) {
    const [action = '', node, ...rest] = context.positionals;
    const work = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (work === undefined || node === undefined || rest.length > 0)
      throw new CliError('USAGE', 'Say repair or rebuild, and the organisation or node: peer0.north');
    await work(node.includes('.') ? node : `peer0.${node}`, context);
  },
};

async function repair(node: string, context: CommandContext): Promise<void> {
  const reports = await ask<readonly RepairReport[]>('ledger.repair', node, context);
  context.output.print({ node, channels: reports }, () => [
    ...reports.flatMap((report) => repairLines(node, report)),
    'To check what it holds: healthchain verify',
  ]);
}

async function rebuild(node: string, context: CommandContext): Promise<void> {
  const reports = await ask<readonly RebuildReport[]>('ledger.rebuild', node, context);
  context.output.print({ node, channels: reports }, () =>
    reports.map(
      ({ channel, blocks, transactions }) =>
        `${node} ${channel}: rebuilt from ${blocks} blocks with ${transactions} transactions`,
    ),
  );
}

function ask<T>(method: string, node: string, { data, options, output }: CommandContext): Promise<T> {
  const channel = optionalText(options, 'channel');
  const params = { node, ...(channel !== undefined && { channel }) };
  return control<T>(data, method, params, (line) => output.progress(line));
}

function repairLines(node: string, report: RepairReport): string[] {
  const { channel, findings, blocks, rows, isStateRebuilt, silentBelow } = report;
  const found = findings.map(
    ({ problem, file, offset }) =>
      `  ${problem} (${file}${offset === undefined ? '' : ` at byte ${offset}`})`,
  );
  const done = [
    ...(blocks.length > 0
      ? [`block${blocks.length > 1 ? 's' : ''} ${blocks.join(', ')} from other peers`]
      : []),
    ...(rows.length > 0 ? [`${rows.length} row${rows.length > 1 ? 's' : ''} from the blocks`] : []),
    ...(isStateRebuilt ? ['the state again from the blocks'] : []),
    ...(silentBelow !== undefined ? [`it signs nothing below height ${silentBelow}`] : []),
  ];
  if (findings.length === 0) return [`${node} ${channel}: nothing is damaged`];
  return [`${node} ${channel}: repaired ${done.join('; ')}`.trimEnd(), ...found];
}
