import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../error.ts';
import { outcomeText, type FhirClient, type FhirResponse } from '../fhir-client.ts';
import type { ImportJournal } from './journal.ts';
import type { ImportUnit } from './read-input.ts';

export interface ImportReport {
  readonly files: number;
  readonly resources: number;
  readonly created: number;
  /** Directory entries that were already there. */
  readonly matched: number;
  /** Resources of units that were imported before, by the journal or by the server's answer. */
  readonly skipped: number;
}

/** A unit whose outcome is not known is sent again under its key, so often and after so long. */
const MAX_ATTEMPTS = 10;
const RETRY_MS = 1_000;

/**
 * Sends each unit that the journal does not hold. `Idempotency-Key` makes a unit safe to send again when the answer to it was
 * lost, or the journal: for some days the server answers what it answered before. After that, and when the server's store was
 * built anew, the journal alone keeps records from being created twice; directory entries match by identifier always.
 *
 * @throws CliError REFUSED naming the file; what was imported before stays imported and is skipped the next time
 */
export async function runImport(
  client: FhirClient,
  units: readonly ImportUnit[],
  journal: ImportJournal,
  onProgress: (line: string) => void,
): Promise<ImportReport> {
  const total = units.reduce((sum, unit) => sum + unit.resources, 0);
  const report = { files: units.length, resources: total, created: 0, matched: 0, skipped: 0 };
  let done = 0;
  for (const unit of units) {
    const earlier = journal.find(unit.key);
    if (earlier === undefined) {
      const { created, matched, isReplayed } = await send(client, unit);
      journal.add({ key: unit.key, label: unit.label, resources: unit.resources, created, matched });
      if (isReplayed) report.skipped += unit.resources;
      report.created += isReplayed ? 0 : created;
      report.matched += isReplayed ? 0 : matched;
    } else {
      report.skipped += earlier.resources;
    }
    done += unit.resources;
    onProgress(`${done}/${total} resources  ${unit.label}`);
  }
  return report;
}

interface Sent {
  readonly created: number;
  readonly matched: number;
  /** The server had answered this unit before. */
  readonly isReplayed: boolean;
}

async function send(client: FhirClient, unit: ImportUnit): Promise<Sent> {
  const response = await untilAnswered(client, unit);
  if (response.status !== 200) {
    throw new CliError('REFUSED', `${unit.label}: ${response.status} ${outcomeText(response.text)}`, {
      details: { hint: 'Nothing of this file was imported; mend it and run the same command again.' },
    });
  }
  const statuses = statusesOf(response, unit);
  const created = statuses.filter((status) => status.startsWith('201')).length;
  const isReplayed = response.headers.get('idempotent-replayed') === 'true';
  return { created, matched: statuses.length - created, isReplayed };
}

/** @throws CliError UNREACHABLE when every attempt stayed without answer */
async function untilAnswered(client: FhirClient, unit: ImportUnit): Promise<FhirResponse> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await client.request('POST', '', unit.body, { 'idempotency-key': unit.key });
      if (!isTransient(response) || attempt === MAX_ATTEMPTS) return response;
    } catch (cause) {
      if (!(cause instanceof CliError) || attempt === MAX_ATTEMPTS) throw unanswered(unit, cause);
    }
    await delay(RETRY_MS);
  }
}

/** Not decided yet, or not possible at the moment. */
function isTransient({ status, headers }: FhirResponse): boolean {
  return status === 503 || status === 504 || (status === 409 && headers.has('retry-after'));
}

function unanswered({ label }: ImportUnit, cause: unknown): CliError {
  return new CliError('UNREACHABLE', `${label}: the server does not answer`, {
    cause,
    details: { hint: 'What was imported stays. When the server runs, run the same command again.' },
  });
}

/** @throws CliError REFUSED naming the first entry of a batch that was refused */
function statusesOf({ text }: FhirResponse, { label }: ImportUnit): string[] {
  const bundle = JSON.parse(text) as { entry?: { response?: { status?: string; outcome?: unknown } }[] };
  const statuses = (bundle.entry ?? []).map((entry) => entry.response?.status ?? '');
  const failed = statuses.findIndex((status) => !status.startsWith('2'));
  if (failed < 0) return statuses;
  const outcome = outcomeText(JSON.stringify(bundle.entry?.[failed]?.response?.outcome ?? {}));
  throw new CliError('REFUSED', `${label}: entry ${failed} was refused: ${statuses[failed]} ${outcome}`, {
    details: {
      hint: 'The other entries are imported: put the mended one into a file of its own and import that.',
    },
  });
}
