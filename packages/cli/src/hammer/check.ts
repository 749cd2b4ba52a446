import type { FhirClient } from '../fhir-client.ts';
import { contentHash, groupSearch } from './client.ts';
import type { HammerLine } from './journal.ts';

export interface HammerFindings {
  readonly acknowledged: number;
  readonly lost: readonly string[];
  readonly altered: readonly string[];
  readonly halfApplied: readonly string[];
}

/** Requests of the check under way at once. */
const PARALLEL = 16;

/**
 * Reads back everything that was acknowledged, and every group that was sent: an acknowledged version is there with the same
 * content, a group is there whole or not at all, an acknowledged one whole.
 */
export async function checkJournal(
  lines: readonly HammerLine[],
  clientOf: (client: number) => FhirClient,
  onProgress: (line: string) => void,
): Promise<HammerFindings> {
  const findings = {
    acknowledged: 0,
    lost: [] as string[],
    altered: [] as string[],
    halfApplied: [] as string[],
  };
  const acknowledgedGroups = new Set(
    lines.flatMap((line) => (line.kind === 'group-acknowledged' ? [line.group] : [])),
  );
  let done = 0;
  await eachParallel(lines, PARALLEL, async (line) => {
    const fhir = clientOf(line.client);
    if (line.kind === 'acknowledged') await checkVersion(fhir, line, findings);
    if (line.kind === 'group-sent')
      await checkGroup(fhir, line, acknowledgedGroups.has(line.group), findings);
    if (++done % 100 === 0) onProgress(`checked ${done}/${lines.length}`);
  });
  return findings;
}

async function checkVersion(
  fhir: FhirClient,
  line: Extract<HammerLine, { kind: 'acknowledged' }>,
  findings: { acknowledged: number; lost: string[]; altered: string[] },
): Promise<void> {
  findings.acknowledged++;
  const response = await fhir.request('GET', `${line.path}/_history/${line.version}`);
  const name = `${line.path}/_history/${line.version}`;
  if (response.status !== 200) findings.lost.push(`${name}: ${response.status}`);
  else if (contentHash(response.text) !== line.hash) findings.altered.push(name);
}

async function checkGroup(
  fhir: FhirClient,
  line: Extract<HammerLine, { kind: 'group-sent' }>,
  acknowledged: boolean,
  findings: { lost: string[]; halfApplied: string[] },
): Promise<void> {
  const response = await fhir.expect('GET', groupSearch(line.group));
  const { total } = JSON.parse(response.text) as { total?: number };
  if (total === line.size) return;
  if (total !== 0) findings.halfApplied.push(`${line.group}: ${total} of ${line.size}`);
  else if (acknowledged) findings.lost.push(`${line.group}: 0 of ${line.size}`);
}

async function eachParallel<Item>(
  items: readonly Item[],
  parallel: number,
  task: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (const item of queue) await task(item);
    }),
  );
}
