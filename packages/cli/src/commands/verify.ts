import { requiredText } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { requireState } from '../consortium/state.ts';
import { CliError } from '../error.ts';
import { offlineLines } from '../verify/offline-report.ts';
import { verifyOffline } from '../verify/offline.ts';
import { verifyConsortium } from '../verify/online.ts';
import { reportLines } from '../verify/report.ts';

const OF_OFFLINE = ['genesis', 'blocks', 'bundle'] as const;

export const verify: Command = {
  summary:
    'Verifies every peer’s blocks and state and every custodian’s access log, running or stopped; --offline: one patient’s exported log from files alone. Exit code 1: something was found.',
  usage: '[--json] | --offline --genesis FILE --blocks FILE --bundle FILE [--json]',
  options: {
    offline: { type: 'boolean', default: false },
    genesis: { type: 'string' },
    blocks: { type: 'string' },
    bundle: { type: 'string' },
  },
  run: (context) => (context.options['offline'] === true ? runOffline(context) : runOnline(context)),
};

async function runOnline({ options, data, output }: CommandContext): Promise<void> {
  const stranger = OF_OFFLINE.find((name) => options[name] !== undefined);
  if (stranger !== undefined) throw new CliError('USAGE', `--${stranger} goes with --offline`);
  const state = requireState(data);
  const report = await verifyConsortium(data, state, (line) => output.progress(line));
  output.print(report, () => reportLines(report));
  if (!report.ok) {
    throw new CliError(
      'FAILED_CHECK',
      'The ledger or an access log is not as it has to be; see the findings',
    );
  }
}

/** Neither the data directory nor a running consortium is looked at. */
async function runOffline({ options, output }: CommandContext): Promise<void> {
  const report = await verifyOffline({
    genesis: requiredText(options, 'genesis'),
    blocks: requiredText(options, 'blocks'),
    bundle: requiredText(options, 'bundle'),
  });
  output.print(report, () => offlineLines(report));
  if (!report.ok)
    throw new CliError('FAILED_CHECK', 'The log is not proved by these files; see the findings');
}
