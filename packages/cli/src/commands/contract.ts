import { optionalText, requiredText } from '../arguments.ts';
import type { Command } from '../command.ts';
import { CliError } from '../error.ts';
import { change, CHANGE_OPTIONS } from './changes.ts';

interface Upgraded {
  readonly channel: string;
  readonly sequence: number;
  readonly approvals: Readonly<Record<string, boolean>>;
}

export const contract: Command = {
  summary:
    'Commits the next definition of the health contract: approvals of the organisations named, then the majority’s commit.',
  usage: `upgrade --version V [--policy "OutOf(2,'NorthMSP.peer',…)"] [--channel care] [--signed-by A,B]`,
  options: { ...CHANGE_OPTIONS, version: { type: 'string' }, policy: { type: 'string' } },
  async run(context) {
    const { positionals, options, output } = context;
    if (positionals.length !== 1 || positionals[0] !== 'upgrade') throw new CliError('USAGE', 'Say upgrade');
    const policy = optionalText(options, 'policy');
    const upgraded = await change<readonly Upgraded[]>(context, 'contract.upgrade', {
      version: requiredText(options, 'version'),
      ...(policy === undefined ? {} : { policy }),
    });
    output.print(upgraded, () =>
      upgraded.map(({ channel, sequence, approvals }) => {
        const by = Object.keys(approvals).filter((mspId) => approvals[mspId]);
        return `${channel}: sequence ${sequence} is in force, approved by ${by.join(', ')}`;
      }),
    );
  },
};
