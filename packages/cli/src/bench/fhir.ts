import type { FhirClient } from '../fhir-client.ts';
import { inParallel, latency, machine, ratePerSecond, round, type Percentiles } from './measure.ts';
import { BUNDLE_ENTRIES, bundleOf, laboratoryResult, patientResource } from './resources.ts';

export interface FhirBenchReport {
  readonly bundles: { readonly perSecond: number };
  /** CPU of one create by part of the process: the servers' thread, everything else (ledger and signature workers), their sum. */
  readonly creates: { readonly perSecond: number; readonly cpuMsPerStep: Readonly<Record<string, number>> };
  readonly crud: { readonly perSecond: number };
  readonly crossRead: readonly ({ readonly records: number } & Percentiles)[];
  readonly machine: Readonly<Record<string, string | number>>;
}

export interface CpuUsage {
  readonly serversMs: number;
  readonly totalMs: number;
}

export interface FhirBenchSubject {
  readonly author: FhirClient;
  readonly patient: FhirClient;
  readonly foreigner: FhirClient;
  readonly cpu: () => Promise<CpuUsage>;
  /** Gives the patient user the key of this Patient's person, and grants everything to the foreigner. */
  openTo(patientId: string): Promise<void>;
}

const PATIENTS = 40;
const PARALLEL = 8;
const CREATES = 1_000;
const CRUD_REQUESTS = 2_000;
const CROSS_READS: readonly { readonly records: number; readonly runs: number }[] = [
  { records: 1, runs: 100 },
  { records: 100, runs: 30 },
  { records: 1_000, runs: 10 },
];

/** `resources` are written in bundles first, so that everything after runs on a filled server. */
export async function benchFhir(
  subject: FhirBenchSubject,
  resources: number,
  onProgress: (line: string) => void,
): Promise<FhirBenchReport> {
  onProgress('registering patients');
  const patients = await createPatients(subject.author);
  const bundles = await writeBundles(subject.author, patients, resources, onProgress);
  onProgress('single creates');
  const creates = await measureCreates(subject, patients);
  onProgress('mixed requests');
  const crud = await measureCrud(subject.author, patients);
  onProgress('reads across organisations');
  const crossRead = await measureCrossReads(subject);
  return {
    bundles: { perSecond: bundles },
    creates,
    crud: { perSecond: crud },
    crossRead,
    machine: machine(),
  };
}

async function createPatients(author: FhirClient): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < PATIENTS; number++)
    ids.push(await create(author, 'Patient', patientResource(number)));
  return ids;
}

async function writeBundles(
  author: FhirClient,
  patients: readonly string[],
  resources: number,
  onProgress: (line: string) => void,
): Promise<number> {
  let written = 0;
  const tasks = Array.from({ length: Math.ceil(resources / BUNDLE_ENTRIES) }, (_, bundle) => async () => {
    const patient = patients[bundle % patients.length] as string;
    const results = Array.from({ length: BUNDLE_ENTRIES }, (_, i) =>
      laboratoryResult(patient, bundle * BUNDLE_ENTRIES + i),
    );
    await author.expect('POST', '', bundleOf(results));
    written += BUNDLE_ENTRIES;
    if (written % 1_000 === 0) onProgress(`${written}/${resources} resources in bundles`);
  });
  return round((await ratePerSecond(tasks, PARALLEL)) * BUNDLE_ENTRIES);
}

async function measureCreates(
  { author, cpu }: FhirBenchSubject,
  patients: readonly string[],
): Promise<FhirBenchReport['creates']> {
  const tasks = Array.from(
    { length: CREATES },
    (_, i) => () =>
      create(author, 'Observation', laboratoryResult(patients[i % patients.length] as string, 1_000_000 + i)),
  );
  const before = await cpu();
  const perSecond = await ratePerSecond(tasks, PARALLEL);
  const after = await cpu();
  const servers = (after.serversMs - before.serversMs) / CREATES;
  const total = (after.totalMs - before.totalMs) / CREATES;
  return {
    perSecond,
    cpuMsPerStep: { servers: round(servers), ledger: round(total - servers), total: round(total) },
  };
}

/** Of ten requests five read, two search by patient, two create, one updates. */
async function measureCrud(author: FhirClient, patients: readonly string[]): Promise<number> {
  const ids = await Promise.all(
    patients.map((patient, i) => create(author, 'Observation', laboratoryResult(patient, 2_000_000 + i))),
  );
  const versions = ids.map(() => 1);
  const request = async (i: number): Promise<unknown> => {
    const slot = Math.floor(i / 10) % ids.length;
    const [id, patient] = [ids[slot] as string, patients[slot] as string];
    const kind = i % 10;
    if (kind < 5) return author.expect('GET', `Observation/${id}`);
    if (kind < 7)
      return author.expect(
        'GET',
        `Observation?patient=${patient}&identifier=urn:healthchain:bench|result-${2_000_000 + slot}`,
      );
    if (kind < 9) return create(author, 'Observation', laboratoryResult(patient, 3_000_000 + i));
    const etag = `W/"${versions[slot]}"`;
    versions[slot] = (versions[slot] as number) + 1;
    const changed = { ...laboratoryResult(patient, 4_000_000 + i), id };
    return author.expect('PUT', `Observation/${id}`, JSON.stringify(changed), { 'if-match': etag });
  };
  const tasks = Array.from({ length: CRUD_REQUESTS }, (_, i) => () => request(i));
  // One task a round of ten, so that the updates of one resource do not overtake each other.
  const rounds = Array.from({ length: CRUD_REQUESTS / 10 }, (_, turn) => async () => {
    for (const task of tasks.slice(turn * 10, turn * 10 + 10)) await task();
  });
  return round((await ratePerSecond(rounds, PARALLEL)) * 10);
}

async function measureCrossReads(subject: FhirBenchSubject): Promise<FhirBenchReport['crossRead']> {
  const patient = await create(subject.author, 'Patient', patientResource(PATIENTS));
  await subject.openTo(patient);
  const reads: FhirBenchReport['crossRead'][number][] = [];
  let written = 0;
  for (const { records, runs } of CROSS_READS) {
    const missing = Array.from({ length: records - written }, (_, i) =>
      laboratoryResult(patient, 5_000_000 + written + i),
    );
    const bundles = Array.from({ length: Math.ceil(missing.length / 250) }, (_, i) =>
      missing.slice(i * 250, i * 250 + 250),
    );
    await inParallel(
      bundles.map((bundle) => () => subject.author.expect('POST', '', bundleOf(bundle))),
      1,
    );
    written = records;
    const path = `Observation?patient=${patient}&_count=${records}`;
    reads.push({ records, ...(await latency(() => subject.foreigner.expect('GET', path), runs)) });
  }
  return reads;
}

async function create(
  client: FhirClient,
  type: string,
  resource: Readonly<Record<string, unknown>>,
): Promise<string> {
  const response = await client.expect('POST', type, JSON.stringify(resource));
  return (JSON.parse(response.text) as { id: string }).id;
}
