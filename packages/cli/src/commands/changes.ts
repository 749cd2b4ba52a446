import { optionalText } from '../arguments.ts';
import type { CommandContext, OptionValues } from '../command.ts';
import { control } from '../control/client.ts';
import { CliError } from '../error.ts';

/** Options of every change of the consortium. */
export const CHANGE_OPTIONS = {
  channel: { type: 'string', multiple: true },
  'signed-by': { type: 'string' },
} as const;

/** Sends a change to the running consortium. */
export function change<Result>(
  { data, options, output }: CommandContext,
  method: string,
  params: Readonly<Record<string, unknown>>,
): Promise<Result> {
  const given = { ...params, ...common(options) };
  return control<Result>(data, method, given, (line) => output.progress(line));
}

/** 'add NAME' or 'remove NAME'. @throws CliError USAGE */
export function actionOf<Action extends string>(
  { positionals }: CommandContext,
  actions: readonly Action[],
): { readonly action: Action; readonly organisation: string } {
  const [action, organisation, ...rest] = positionals;
  const known = actions.find((candidate) => candidate === action);
  if (known === undefined || organisation === undefined || rest.length > 0)
    throw new CliError('USAGE', `Say ${actions.join(' or ')}, and one organisation`);
  return { action: known, organisation };
}

export function blockLines(blocks: Readonly<Record<string, number>>, what: string): string[] {
  return Object.entries(blocks).map(([channel, block]) => `${what} on ${channel} from block ${block} on`);
}

function common(options: OptionValues): Readonly<Record<string, unknown>> {
  const channels = options['channel'];
  const signedBy = optionalText(options, 'signed-by');
  return {
    ...(channels === undefined ? {} : { channels }),
    ...(signedBy === undefined ? {} : { signedBy: signedBy.split(',') }),
  };
}
