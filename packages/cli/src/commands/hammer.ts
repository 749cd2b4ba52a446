import { join } from 'node:path';
import { optionalText, wholeNumber } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { requireState, type ConsortiumState } from '../consortium/state.ts';
import { clientFor } from '../consortium/tokens.ts';
import { CliError } from '../error.ts';
import type { FhirClient } from '../fhir-client.ts';
import { HammerJournal } from '../hammer/journal.ts';
import { hammer, promisesHeld, type HammerReport } from '../hammer/run.ts';
import { supervise } from '../hammer/supervisor.ts';
import { verifyConsortium } from '../verify/online.ts';
import { reportLines as verifyLines, type VerifyReport } from '../verify/report.ts';

export const hammerCommand: Command = {
  summary:
    'Loads the servers over HTTP, keeps a journal of what was acknowledged, checks that all of it is there, and verifies every peer.',
  usage:
    '[--as USER] [--clients 8] [--seconds 10] [--kills 0]   with --kills, ends the whole process that often',
  options: {
    as: { type: 'string' },
    clients: { type: 'string' },
    seconds: { type: 'string' },
    kills: { type: 'string' },
    journal: { type: 'string' },
  },
  async run(context) {
    const { options, data, output } = context;
    const state = requireState(data);
    const supervisor = await supervise(data, state);
    const clients = await clientsOf(context, state);
    const journal = new HammerJournal(optionalText(options, 'journal') ?? join(data, 'hammer.journal'));
    const onProgress = (line: string): void => output.progress(line);
    try {
      const report = await hammer({
        run: crypto.randomUUID().slice(0, 8),
        clients,
        seconds: wholeNumber(options, 'seconds', { default: 10, min: 1, max: 600 }),
        kills: wholeNumber(options, 'kills', { default: 0, min: 0, max: 100 }),
        journal,
        supervisor,
        onProgress,
      });
      const verified = await verifyConsortium(data, state, onProgress);
      output.print({ ...report, verified }, () => reportLines(report, verified));
      if (report.kills > 0)
        output.note('The consortium runs on in the background; its process id is in run.json.');
      if (!promisesHeld(report) || !verified.ok)
        throw new CliError('FAILED_CHECK', 'A promise was broken; the journal tells which');
    } finally {
      journal.close();
    }
  },
};

/** Simulated users, in turn as each of the doctors of all hospitals unless one is named. */
async function clientsOf({ options, data }: CommandContext, state: ConsortiumState): Promise<FhirClient[]> {
  const named = optionalText(options, 'as');
  const doctors = state.users.filter(({ role }) => role === 'doctor').map(({ handle }) => handle);
  const handles = named === undefined ? doctors : [named];
  const count = wholeNumber(options, 'clients', { default: 8, min: 1, max: 64 });
  return Promise.all(
    Array.from({ length: count }, (_, i) => clientFor(data, state, handles[i % handles.length] as string)),
  );
}

function reportLines(report: HammerReport, verified: VerifyReport): string[] {
  const { counts, kills, readyMs } = report;
  const slowest = readyMs.length === 0 ? '' : `, ready again after at most ${Math.max(...readyMs)} ms`;
  return [
    `${counts.acknowledged} writes acknowledged, ${counts.refused} refused, ${counts.unanswered} unanswered, ${kills} kills${slowest}`,
    `lost: ${report.lost.length}  altered: ${report.altered.length}  half applied: ${report.halfApplied.length}  sessions that went back: ${report.wentBack.length}`,
    ...[...report.lost, ...report.altered, ...report.halfApplied, ...report.wentBack].slice(0, 20),
    '',
    ...verifyLines(verified),
  ];
}
