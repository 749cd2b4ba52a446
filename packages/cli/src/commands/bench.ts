import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchLedger } from '@healthchain/ledger';
import { wholeNumber } from '../arguments.ts';
import { benchFhir, type FhirBenchReport } from '../bench/fhir.ts';
import type { CpuBySteps } from '../bench/profile/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { consentResource } from '../consortium/consent.ts';
import { organisationOf, requireState, userOf } from '../consortium/state.ts';
import { clientFor } from '../consortium/tokens.ts';
import { control, readRunFile } from '../control/client.ts';
import { CliError } from '../error.ts';
import { until } from '../wait.ts';

const START_DEADLINE_MS = 120_000;
/** Away from the ports of a demo that runs beside it. */
const BENCH_PORT = 18_081;

export const bench: Command = {
  summary: 'Measures the ledger, or FHIR over HTTP, on a consortium of its own in a temporary folder.',
  usage: 'ledger [--seconds N] [--records N] | fhir [--resources 20000]   [--json]',
  options: { seconds: { type: 'string' }, records: { type: 'string' }, resources: { type: 'string' } },
  async run(context) {
    const [what] = context.positionals;
    if (what === 'ledger') return runLedgerBench(context);
    if (what === 'fhir') return runFhirBench(context);
    throw new CliError('USAGE', 'Say what to measure: ledger or fhir');
  },
};

async function runLedgerBench({ options, output }: CommandContext): Promise<void> {
  const report = await benchLedger({
    seconds: wholeNumber(options, 'seconds', { default: 10, min: 1, max: 600 }),
    records: wholeNumber(options, 'records', { default: 10_000, min: 0, max: 10_000_000 }),
    onProgress: (line: string) => output.progress(line),
  });
  output.print(report, () => JSON.stringify(report, undefined, 2).split('\n'));
}

async function runFhirBench({ options, output }: CommandContext): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'healthchain-bench-'));
  const end = await startBenchConsortium(data, (line) => output.progress(line));
  try {
    const resources = wholeNumber(options, 'resources', { default: 20_000, min: 100, max: 1_000_000 });
    const report = await measure(data, resources, (line) => output.progress(line));
    output.print(report, () => JSON.stringify(report, undefined, 2).split('\n'));
  } finally {
    await end();
    rmSync(data, { recursive: true, force: true });
  }
}

async function measure(
  data: string,
  resources: number,
  onProgress: (line: string) => void,
): Promise<FhirBenchReport> {
  const state = requireState(data);
  const patient = await clientFor(data, state, 'maria');
  const grantee = userOf(state, 'sven');
  const { mspId } = organisationOf(state, grantee.organisation);
  const subject = {
    author: await clientFor(data, state, 'nina'),
    patient,
    foreigner: await clientFor(data, state, 'sven'),
    profile: async () => {
      await control(data, 'profile.start');
      return () => control<CpuBySteps>(data, 'profile.stop');
    },
    openTo: async (patientId: string) => {
      await control(data, 'bind', { user: 'maria', patient: patientId });
      const terms = {
        patient: patientId,
        type: 'permit',
        grantee: 'sven',
        rights: ['read'],
        categories: '*',
        purposes: ['TREAT'],
        days: 1,
      } as const;
      const parties = { patientId, parentId: undefined, grantee: { mspId, userId: grantee.userId } };
      await patient.expect('POST', 'Consent', JSON.stringify(consentResource(terms, parties)));
    },
  };
  return benchFhir(subject, resources, onProgress);
}

async function startBenchConsortium(
  data: string,
  onProgress: (line: string) => void,
): Promise<() => Promise<void>> {
  onProgress('starting a consortium to measure');
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const args = [main, 'up', '--no-cast', '--data', data, '--port', String(BENCH_PORT)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await until(
    () => child.exitCode !== null || readRunFile(data) !== undefined,
    'the consortium to start',
    START_DEADLINE_MS,
  );
  if (child.exitCode !== null) throw new CliError('FAILED_CHECK', 'The consortium did not start');
  return async () => {
    child.kill('SIGTERM');
    await exited;
  };
}
