import type { FhirClient } from '../fhir-client.ts';
import { checkJournal, type HammerFindings } from './check.ts';
import { HammerClient, type HammerCounts } from './client.ts';
import type { HammerJournal } from './journal.ts';

/** Starts, ends (`SIGKILL`) and awaits the consortium under load. */
export interface Supervisor {
  kill(): Promise<void>;
  /** Resolves when the servers answer again. */
  start(): Promise<void>;
}

export interface HammerReport extends HammerFindings {
  readonly seconds: number;
  readonly kills: number;
  readonly counts: Readonly<HammerCounts>;
  readonly wentBack: readonly string[];
}

export interface HammerOptions {
  readonly run: string;
  /** One FHIR client a user; several simulated users may share one. */
  readonly clients: readonly FhirClient[];
  readonly seconds: number;
  readonly kills: number;
  readonly journal: HammerJournal;
  readonly supervisor: Supervisor;
  readonly onProgress: (line: string) => void;
}

/** Loads, ends the process `kills` times at unpredictable moments, and checks the promises of ledger.md section 1. */
export async function hammer(options: HammerOptions): Promise<HammerReport> {
  const counts: HammerCounts = { acknowledged: 0, refused: 0, unanswered: 0, reads: 0 };
  const users = options.clients.map(
    (fhir, number) => new HammerClient({ number, run: options.run, fhir, journal: options.journal, counts }),
  );
  await (options.kills === 0 ? loadFor(users, options) : loadUnderKills(users, options, counts));
  options.onProgress('checking what was acknowledged');
  const clientOf = (client: number): FhirClient => options.clients[client] as FhirClient;
  const findings = await checkJournal(options.journal.lines, clientOf, options.onProgress);
  const wentBack = users.flatMap((user) => user.violations);
  return { ...findings, seconds: options.seconds, kills: options.kills, counts, wentBack };
}

export function promisesHeld(report: HammerReport): boolean {
  return [report.lost, report.altered, report.halfApplied, report.wentBack].every(
    (list) => list.length === 0,
  );
}

async function loadFor(users: readonly HammerClient[], options: HammerOptions): Promise<void> {
  await loadUntil(users, AbortSignal.timeout(options.seconds * 1000));
}

async function loadUnderKills(
  users: readonly HammerClient[],
  options: HammerOptions,
  counts: HammerCounts,
): Promise<void> {
  for (let kill = 1; kill <= options.kills; kill++) {
    const stop = new AbortController();
    const before = counts.acknowledged;
    const load = loadUntil(users, stop.signal);
    await moment(options.seconds);
    await options.supervisor.kill();
    stop.abort();
    await load;
    await options.supervisor.start();
    options.onProgress(
      `kill ${kill}/${options.kills}: ${counts.acknowledged - before} acknowledged before it`,
    );
  }
}

async function loadUntil(users: readonly HammerClient[], signal: AbortSignal): Promise<void> {
  await Promise.all(
    users.map(async (user) => {
      while (!signal.aborted) await user.round();
    }),
  );
}

/** Somewhere in the second half of the given time, so that load is under way and the moment is not in step with anything. */
function moment(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000 * (0.5 + Math.random() / 2)));
}
