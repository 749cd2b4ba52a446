import { optionalText, requiredText } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { actionOf, blockLines, change, CHANGE_OPTIONS } from './changes.ts';

interface Added {
  readonly mspId: string;
  readonly port: number;
  readonly blocks: Readonly<Record<string, number>>;
}

type Removed = Omit<Added, 'port'>;

export const org: Command = {
  summary:
    'Brings an organisation into the running consortium, or takes it out: by the majority of its administrators.',
  usage:
    'add NAME --kind hospital|insurer|authority [--title TEXT] [--signed-by A,B] | remove NAME [--signed-by A,B]',
  options: {
    kind: { type: 'string' },
    title: { type: 'string' },
    'signed-by': CHANGE_OPTIONS['signed-by'],
  },
  async run(context) {
    const { action, organisation } = actionOf(context, ['add', 'remove']);
    if (action === 'add') await add(context, organisation);
    else await remove(context, organisation);
  },
};

async function add(context: CommandContext, organisation: string): Promise<void> {
  const { options, output } = context;
  const kind = requiredText(options, 'kind');
  const title = optionalText(options, 'title');
  const added = await change<Added>(context, 'org.add', {
    organisation,
    kind,
    ...(title === undefined ? {} : { title }),
  });
  output.print({ organisation, ...added }, () => [
    ...blockLines(added.blocks, `${added.mspId} is a member`),
    `Its peer has caught up. Contracts ask for its endorsement once their policy names ${added.mspId}: healthchain contract upgrade`,
    `Its server starts, on port ${added.port}, with the next start of the consortium`,
  ]);
}

async function remove(context: CommandContext, organisation: string): Promise<void> {
  const removed = await change<Removed>(context, 'org.remove', { organisation });
  context.output.print({ organisation, ...removed }, () =>
    blockLines(removed.blocks, `${removed.mspId} is no member`),
  );
}
