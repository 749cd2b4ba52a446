import { onePositional } from '../arguments.ts';
import type { Command } from '../command.ts';
import { organisationOf, requireState } from '../consortium/state.ts';
import { control } from '../control/client.ts';
import { CliError } from '../error.ts';

interface Rebuilt {
  readonly done: number;
  readonly total: number;
  readonly failed: number;
}

export const rebuild: Command = {
  summary:
    'Fetches the plaintext of an organisation’s own records that its store lacks from the custodians; run again, it goes on.',
  usage: 'ORGANISATION',
  options: {},
  async run(context) {
    const { data, output } = context;
    const { name } = organisationOf(requireState(data), onePositional(context, 'organisation'));
    const rebuilt = await control<Rebuilt>(data, 'rebuild', { organisation: name }, (line) =>
      output.progress(line),
    );
    output.print(rebuilt, () => [
      rebuilt.total === 0
        ? `The store of ${name} lacks nothing.`
        : `${rebuilt.done} of ${rebuilt.total} versions of ${name} fetched from the custodians`,
    ]);
    if (rebuilt.done < rebuilt.total) {
      throw new CliError('REFUSED', `${rebuilt.total - rebuilt.done} versions could not be fetched`, {
        details: { hint: 'See healthchain status: k custodians must run. Then run the same command again.' },
      });
    }
  },
};
