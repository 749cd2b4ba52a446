import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { optionalText, wholeNumber } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { readRunFile } from '../control/client.ts';
import {
  organisationOf,
  requireState,
  serverUrl,
  userOf,
  type ConsortiumState,
} from '../consortium/state.ts';
import { clientFor } from '../consortium/tokens.ts';
import { CliError } from '../error.ts';
import { until } from '../wait.ts';
import { HammerJournal } from '../hammer/journal.ts';
import { hammer, promisesHeld, type HammerReport, type Supervisor } from '../hammer/run.ts';

/** Longest that a start may take before the hammer gives up. */
const START_DEADLINE_MS = 120_000;

export const hammerCommand: Command = {
  summary:
    'Loads a server over HTTP, keeps a journal of what was acknowledged, and checks that all of it is there.',
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
    const handle = optionalText(options, 'as') ?? defaultUser(state);
    const clientCount = wholeNumber(options, 'clients', { default: 8, min: 1, max: 64 });
    const fhir = await clientFor(data, state, handle);
    const journal = new HammerJournal(optionalText(options, 'journal') ?? join(data, 'hammer.journal'));
    try {
      const report = await hammer({
        run: crypto.randomUUID().slice(0, 8),
        clients: Array.from({ length: clientCount }, () => fhir),
        seconds: wholeNumber(options, 'seconds', { default: 10, min: 1, max: 600 }),
        kills: wholeNumber(options, 'kills', { default: 0, min: 0, max: 100 }),
        journal,
        supervisor: supervisorOf(context, state, handle),
        onProgress: (line) => output.progress(line),
      });
      output.print(report, () => reportLines(report));
      if (!promisesHeld(report))
        throw new CliError('FAILED_CHECK', 'A promise was broken; the journal tells which');
    } finally {
      journal.close();
    }
  },
};

function defaultUser(state: ConsortiumState): string {
  const doctor = state.users.find((user) => user.role === 'doctor');
  if (doctor === undefined) throw new CliError('USAGE', '--as is missing');
  return doctor.handle;
}

function supervisorOf({ data }: CommandContext, state: ConsortiumState, handle: string): Supervisor {
  const url = `${serverUrl(organisationOf(state, userOf(state, handle).organisation))}/readyz`;
  return {
    async kill() {
      const run = readRunFile(data);
      if (run === undefined) throw new CliError('NOT_RUNNING', 'The consortium ended by itself');
      process.kill(run.pid, 'SIGKILL');
      await until(() => readRunFile(data) === undefined, 'the process to end', START_DEADLINE_MS);
    },
    async start() {
      const main = fileURLToPath(new URL('../main.ts', import.meta.url));
      spawn(process.execPath, [main, 'up', '--data', data], { stdio: 'ignore', detached: true }).unref();
      await until(() => answers(url), 'the servers to be ready', START_DEADLINE_MS);
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).status === 200;
  } catch {
    return false;
  }
}

function reportLines(report: HammerReport): string[] {
  return [
    `${report.counts.acknowledged} writes acknowledged, ${report.counts.refused} refused, ${report.counts.unanswered} unanswered, ${report.kills} kills`,
    `lost: ${report.lost.length}  altered: ${report.altered.length}  half applied: ${report.halfApplied.length}  sessions that went back: ${report.wentBack.length}`,
    ...[...report.lost, ...report.altered, ...report.halfApplied, ...report.wentBack].slice(0, 20),
  ];
}
