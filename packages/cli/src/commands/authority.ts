import type { Command } from '../command.ts';
import { actionOf, blockLines, change, CHANGE_OPTIONS } from './changes.ts';

export const authority: Command = {
  summary:
    'Lets a member order blocks, or no longer: the consenters change by a configuration update while ordering goes on.',
  usage: 'add|remove ORGANISATION [--channel care] [--signed-by A,B]',
  options: CHANGE_OPTIONS,
  async run(context) {
    const { action, organisation } = actionOf(context, ['add', 'remove']);
    const blocks = await change<Readonly<Record<string, number>>>(context, `authority.${action}`, {
      organisation,
    });
    const what = action === 'add' ? `${organisation} orders` : `${organisation} orders no more`;
    context.output.print({ organisation, action, blocks }, () => blockLines(blocks, what));
  },
};
