import { onePositional } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { control } from '../control/client.ts';
import { CliError } from '../error.ts';
import { table } from '../output.ts';

const PARTS = ['peer', 'orderer', 'custodian'] as const;

export interface NodeStatus {
  readonly organisation: string;
  readonly part: string;
  readonly state: string;
  /** Why a failed part does not run. */
  readonly reason?: string;
  /** Damage that a running peer has met in its files. */
  readonly damage?: string;
  /** Height of each channel that the part keeps. */
  readonly heights: Readonly<Record<string, number>>;
}

export interface ConsortiumStatus {
  readonly ready: boolean;
  readonly servers: readonly {
    readonly organisation: string;
    readonly url: string;
    readonly ready: boolean;
    /** Own versions whose plaintext the store lacks. */
    readonly missing: number;
  }[];
  readonly nodes: readonly NodeStatus[];
}

export const status: Command = {
  summary: 'Shows servers, peers, orderers and custodians with their heights.',
  usage: '[--json]',
  options: {},
  async run({ data, output }) {
    const state = await control<ConsortiumStatus>(data, 'status');
    output.print(state, () => statusLines(state));
  },
};

export const stop: Command = switchCommand('stop', 'Stops one part: healthchain stop peer north');
export const start: Command = switchCommand(
  'start',
  'Starts a stopped part again: healthchain start peer north',
);
export const pause: Command = switchCommand('pause', 'Lets a peer fall behind while it keeps answering.');
export const resume: Command = switchCommand('resume', 'Lets a paused peer catch up.');

export const revokeCert: Command = {
  summary:
    'Revokes the certificate of a user: the CRL changes by a CONFIG transaction on every circle of the organisation.',
  usage: 'USER',
  options: {},
  async run(context) {
    const user = onePositional(context, 'user');
    const revoked = await control<{ blocks: Record<string, number> }>(context.data, 'revoke-cert', { user });
    context.output.print(revoked, () =>
      Object.entries(revoked.blocks).map(
        ([channel, block]) => `${user}: revoked on ${channel} from block ${block} on`,
      ),
    );
  },
};

function switchCommand(method: string, summary: string): Command {
  return {
    summary,
    usage: `${PARTS.join('|')} ORGANISATION`,
    options: {},
    run: (context) => switchPart(method, context),
  };
}

async function switchPart(method: string, { positionals, data, output }: CommandContext): Promise<void> {
  const [part, organisation, ...rest] = positionals;
  if (!PARTS.includes(part as (typeof PARTS)[number]) || organisation === undefined || rest.length > 0) {
    throw new CliError('USAGE', `Name one part (${PARTS.join(', ')}) and its organisation`);
  }
  await control(data, 'switch', { action: method, part, organisation });
  output.print({ part, organisation, action: method }, () => [`${part} of ${organisation}: ${method} done`]);
}

function statusLines(state: ConsortiumStatus): string[] {
  const servers = state.servers.map((server) => [
    server.organisation,
    server.url,
    server.ready ? 'ready' : 'not ready',
  ]);
  const incomplete = state.servers.filter(({ missing }) => missing > 0);
  const nodes = state.nodes.map((node) => [
    node.organisation,
    node.part,
    node.state,
    Object.entries(node.heights)
      .map(([channel, height]) => `${channel} ${height}`)
      .join(', '),
  ]);
  return [
    ...table([['ORGANISATION', 'SERVER', 'STATE'], ...servers]),
    '',
    ...table([['ORGANISATION', 'PART', 'STATE', 'HEIGHT'], ...nodes]),
    ...incomplete.map(
      ({ organisation, missing }) =>
        `The store of ${organisation} lacks ${missing} of its versions: healthchain rebuild ${organisation}`,
    ),
    ...state.nodes.flatMap(nodeRemarks),
  ];
}

function nodeRemarks({ organisation, part, reason, damage }: NodeStatus): string[] {
  const repair = `healthchain peer repair ${part}0.${organisation}`;
  return [
    ...(reason === undefined ? [] : [`${part} of ${organisation} does not run: ${reason}`]),
    ...(damage === undefined ? [] : [`${part} of ${organisation} refuses what is damaged: ${damage}`]),
    ...(reason === undefined && damage === undefined ? [] : [`  If its files are damaged: ${repair}`]),
  ];
}
