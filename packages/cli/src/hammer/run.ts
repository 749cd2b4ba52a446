import { setTimeout as delay } from 'node:timers/promises';
import type { FhirClient } from '../fhir-client.ts';
import { checkJournal, type HammerFindings } from './check.ts';
import { HammerClient, type HammerCounts } from './client.ts';
import type { HammerJournal } from './journal.ts';
import type { Supervisor } from './supervisor.ts';

export interface HammerReport extends HammerFindings {
  readonly seconds: number;
  readonly kills: number;
  readonly counts: Readonly<HammerCounts>;
  /** Sessions that were shown less than before. */
  readonly wentBack: readonly string[];
  /** From each start after a kill until all servers were ready, in milliseconds. */
  readonly readyMs: readonly number[];
}

export interface HammerOptions {
  readonly run: string;
  /** One FHIR client a simulated user; several may be the same. */
  readonly clients: readonly FhirClient[];
  readonly seconds: number;
  readonly kills: number;
  readonly journal: HammerJournal;
  readonly supervisor: Supervisor;
  readonly onProgress: (line: string) => void;
}

/** Between requests of a session whose server does not answer. */
const RETRY_MS = 20;

/** Loads, ends the process `kills` times at unpredictable moments, and checks the promises of ledger.md section 1. */
export async function hammer(options: HammerOptions): Promise<HammerReport> {
  const { run, clients, journal, onProgress, seconds, kills } = options;
  const counts: HammerCounts = { acknowledged: 0, refused: 0, unanswered: 0, reads: 0, unavailable: 0 };
  const users = clients.map((fhir, number) => new HammerClient({ number, run, fhir, journal, counts }));
  const readyMs: number[] = [];
  if (kills === 0) await loadUntil(users, AbortSignal.timeout(seconds * 1000));
  for (let kill = 1; kill <= kills; kill++) {
    const before = counts.acknowledged;
    readyMs.push(await killUnderLoad(users, options));
    onProgress(
      `kill ${kill}/${kills}: ${counts.acknowledged - before} acknowledged, ready ${readyMs.at(-1)} ms later`,
    );
  }
  onProgress('checking what was acknowledged');
  const clientOf = (client: number): FhirClient => clients[client] as FhirClient;
  const findings = await checkJournal(journal.lines, clientOf, onProgress);
  const wentBack = users.flatMap((user) => user.violations);
  return { ...findings, seconds, kills, counts, wentBack, readyMs };
}

export function promisesHeld(report: HammerReport): boolean {
  return [report.lost, report.altered, report.halfApplied, report.wentBack].every(
    (list) => list.length === 0,
  );
}

/** @returns milliseconds from the start after the kill until the servers were ready */
async function killUnderLoad(
  users: readonly HammerClient[],
  { seconds, supervisor }: HammerOptions,
): Promise<number> {
  const stop = new AbortController();
  const load = loadUntil(users, stop.signal);
  await delay(momentMs(seconds));
  await supervisor.kill();
  stop.abort();
  await load;
  return supervisor.start();
}

async function loadUntil(users: readonly HammerClient[], signal: AbortSignal): Promise<void> {
  await Promise.all(
    users.map(async (user) => {
      while (!signal.aborted) if (!(await user.round())) await delay(RETRY_MS);
    }),
  );
}

/** Somewhere in the second half of the given time, so that load is under way and the moment is not in step with anything. */
function momentMs(seconds: number): number {
  return seconds * 1000 * (0.5 + Math.random() / 2);
}
