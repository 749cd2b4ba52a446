import { CliError } from '../error.ts';
import { outcomeText, type FhirClient } from '../fhir-client.ts';
import type { ImportJournal } from './journal.ts';
import type { ImportUnit } from './read-input.ts';

export interface ImportReport {
  readonly files: number;
  readonly resources: number;
  readonly created: number;
  /** Directory entries that were already there. */
  readonly matched: number;
  /** Resources of units that the journal already held. */
  readonly skipped: number;
}

/**
 * Sends each unit that the journal does not hold. `Idempotency-Key` makes a unit safe to send again when the answer to it was
 * lost: the server answers what it answered before.
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
      const sent = await send(client, unit);
      journal.add({ key: unit.key, label: unit.label, resources: unit.resources, ...sent });
      report.created += sent.created;
      report.matched += sent.matched;
    } else {
      report.skipped += earlier.resources;
    }
    done += unit.resources;
    onProgress(`${done}/${total} resources  ${unit.label}`);
  }
  return report;
}

async function send(client: FhirClient, unit: ImportUnit): Promise<{ created: number; matched: number }> {
  const response = await client.request('POST', '', unit.body, { 'idempotency-key': unit.key });
  if (response.status !== 200) {
    throw new CliError('REFUSED', `${unit.label}: ${response.status} ${outcomeText(response.text)}`, {
      details: { hint: 'Nothing of this file was imported; mend it and run the same command again.' },
    });
  }
  const bundle = JSON.parse(response.text) as {
    entry?: { response?: { status?: string; outcome?: unknown } }[];
  };
  const statuses = (bundle.entry ?? []).map((entry) => entry.response?.status ?? '');
  const failed = statuses.findIndex((status) => !status.startsWith('2'));
  if (failed >= 0) {
    const outcome = outcomeText(JSON.stringify(bundle.entry?.[failed]?.response?.outcome ?? {}));
    throw new CliError(
      'REFUSED',
      `${unit.label}: entry ${failed} was refused: ${statuses[failed]} ${outcome}`,
    );
  }
  const created = statuses.filter((status) => status.startsWith('201')).length;
  return { created, matched: statuses.length - created };
}
