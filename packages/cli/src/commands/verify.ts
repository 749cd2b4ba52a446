import type { Command } from '../command.ts';
import { requireState } from '../consortium/state.ts';
import { CliError } from '../error.ts';
import { verifyConsortium } from '../verify/online.ts';
import { reportLines } from '../verify/report.ts';

export const verify: Command = {
  summary:
    'Verifies every peer’s blocks and state and every custodian’s access log; running, stopped or both. Exit code 1: something was found.',
  usage: '[--json]',
  options: {},
  async run({ data, output }) {
    const state = requireState(data);
    const report = await verifyConsortium(data, state, (line) => output.progress(line));
    output.print(report, () => reportLines(report));
    if (!report.ok) {
      throw new CliError(
        'FAILED_CHECK',
        'The ledger or an access log is not as it has to be; see the findings',
      );
    }
  },
};
