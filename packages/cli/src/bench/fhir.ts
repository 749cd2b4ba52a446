import type { FhirClient } from '../fhir-client.ts';
import { inParallel, latency, machine, ratePerSecond, round, type Percentiles } from './measure.ts';
import type { CpuBySteps } from './profile/index.ts';
import { BUNDLE_ENTRIES, bundleOf, laboratoryResult, patientResource } from './resources.ts';

export interface FhirBenchReport {
  readonly bundles: { readonly perSecond: number };
  /** CPU of one create by step (profile/steps.ts), measured on creates of their own: profiling costs time. */
  readonly creates: { readonly perSecond: number; readonly cpuMsPerStep: CpuBySteps };
  readonly crud: { readonly perSecond: number };
  readonly crossRead: readonly ({ readonly records: number } & Percentiles)[];
  readonly machine: Readonly<Record<string, string | number>>;
}

export interface FhirBenchSubject {
  readonly author: FhirClient;
  readonly patient: FhirClient;
  readonly foreigner: FhirClient;
  /** Begins to profile the servers; what it returns ends that. */
  profile(): Promise<() => Promise<CpuBySteps>>;
  /** Gives the patient user the key of this Patient's person, and grants everything to the foreigner. */
  openTo(patientId: string): Promise<void>;
}

const PATIENTS = 40;
const BUNDLES_AT_ONCE = 4;
/** Clients that send single requests, each waiting for its answer. */
const CLIENTS = 32;
const CREATES = 2_000;
const PROFILED_CREATES = 1_000;
/** Rounds of ten requests that each client sends. */
const CRUD_ROUNDS = 20;
const CROSS_READS = [
  { records: 1, warmUp: 50, runs: 200 },
  { records: 100, warmUp: 5, runs: 50 },
  { records: 1_000, warmUp: 3, runs: 30 },
] as const;
/** Entries of the bundles that a cross-organisation read is prepared with. */
const PREPARED_ENTRIES = 250;

/** Generated resources of one number never have the other's. */
const NUMBERS = { creates: 1_000_000, profiled: 2_000_000, crud: 3_000_000, crossRead: 5_000_000 } as const;

/** `resources` are written in bundles first, so that everything after runs on a filled server. */
export async function benchFhir(
  subject: FhirBenchSubject,
  resources: number,
  onProgress: (line: string) => void,
): Promise<FhirBenchReport> {
  const { author } = subject;
  onProgress('registering patients');
  const patients: string[] = [];
  for (let i = 0; i < PATIENTS; i++) patients.push(await create(author, 'Patient', patientResource(i)));
  const bundles = await writeBundles(author, patients, resources, onProgress);
  onProgress('single creates');
  const creates = await measureCreates(subject, patients);
  onProgress('mixed requests');
  const crud = await measureCrud(author, patients);
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
  return round((await ratePerSecond(tasks, BUNDLES_AT_ONCE)) * BUNDLE_ENTRIES);
}

async function measureCreates(
  subject: FhirBenchSubject,
  patients: readonly string[],
): Promise<FhirBenchReport['creates']> {
  const creates = (count: number, first: number) =>
    Array.from({ length: count }, (_, i) => async () => {
      const patient = patients[i % patients.length] as string;
      await create(subject.author, 'Observation', laboratoryResult(patient, first + i));
    });
  const perSecond = await ratePerSecond(creates(CREATES, NUMBERS.creates), CLIENTS);
  const end = await subject.profile();
  await inParallel(creates(PROFILED_CREATES, NUMBERS.profiled), CLIENTS);
  const steps = Object.entries(await end()).map(
    ([step, ms]) => [step, round(ms / PROFILED_CREATES)] as const,
  );
  return { perSecond, cpuMsPerStep: Object.fromEntries(steps.toSorted(([, a], [, b]) => b - a)) };
}

/** Every client has a resource of its own. Of ten requests five read it, two search it, two create others, one updates it. */
async function measureCrud(author: FhirClient, patients: readonly string[]): Promise<number> {
  const numbers = Array.from({ length: CLIENTS }, (_, client) => NUMBERS.crud + client * 1_000);
  const clients = await Promise.all(
    numbers.map(async (first, client) => {
      const patient = patients[client % patients.length] as string;
      const id = await create(author, 'Observation', laboratoryResult(patient, first));
      return { first, patient, id };
    }),
  );
  const tasks = clients.map(({ first, patient, id }) => async () => {
    const query = `Observation?patient=${patient}&identifier=urn:healthchain:bench|result-${first}`;
    for (let turn = 0; turn < CRUD_ROUNDS; turn++) {
      for (let i = 0; i < 5; i++) await author.expect('GET', `Observation/${id}`);
      for (let i = 0; i < 2; i++) await author.expect('GET', query);
      for (let i = 1; i < 3; i++)
        await create(author, 'Observation', laboratoryResult(patient, first + turn * 2 + i));
      const amended = { ...laboratoryResult(patient, first), id, note: [{ text: `Amended ${turn}` }] };
      const version = { 'if-match': `W/"${turn + 1}"` };
      await author.expect('PUT', `Observation/${id}`, JSON.stringify(amended), version);
    }
  });
  return round((await ratePerSecond(tasks, CLIENTS)) * CRUD_ROUNDS * 10);
}

async function measureCrossReads(subject: FhirBenchSubject): Promise<FhirBenchReport['crossRead']> {
  const patient = await create(subject.author, 'Patient', patientResource(PATIENTS));
  await subject.openTo(patient);
  const reads: FhirBenchReport['crossRead'][number][] = [];
  let written = 0;
  for (const { records, warmUp, runs } of CROSS_READS) {
    for (; written < records; written += Math.min(PREPARED_ENTRIES, records - written)) {
      const results = Array.from({ length: Math.min(PREPARED_ENTRIES, records - written) }, (_, i) =>
        laboratoryResult(patient, NUMBERS.crossRead + written + i),
      );
      await subject.author.expect('POST', '', bundleOf(results));
    }
    const path = `Observation?patient=${patient}&_count=${records}`;
    const read = () => subject.foreigner.expect('GET', path);
    assertFound((await read()).text, records);
    reads.push({ records, ...(await latency(read, { runs, warmUp })) });
  }
  return reads;
}

/** A read that found less than there is measured something else. */
function assertFound(text: string, records: number): void {
  const { entry = [] } = JSON.parse(text) as { entry?: readonly { search?: { mode?: string } }[] };
  const matches = entry.filter(({ search }) => search?.mode === 'match').length;
  if (matches !== records)
    throw new Error(`A read across organisations found ${matches} of ${records} records`);
}

async function create(
  client: FhirClient,
  type: string,
  resource: Readonly<Record<string, unknown>>,
): Promise<string> {
  const response = await client.expect('POST', type, JSON.stringify(resource));
  return (JSON.parse(response.text) as { id: string }).id;
}
