import { consentResource, organisationOf, userOf, type FhirClient } from '@healthchain/cli';
import type { StoryConsortium } from './consortium.ts';
import { drawMarker, nationalId } from './resources.ts';
import { addUser, bindPatient, type TestUser } from './users.ts';

type ConsentTerms = Parameters<typeof consentResource>[0];
type Body = Readonly<Record<string, unknown>>;

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';
const LABORATORY = [{ coding: [{ system: `${TERMINOLOGY}/observation-category`, code: 'laboratory' }] }];
const VITAL_SIGNS = [{ coding: [{ system: `${TERMINOLOGY}/observation-category`, code: 'vital-signs' }] }];
const LAB_SECTION = [{ coding: [{ system: `${TERMINOLOGY}/v2-0074`, code: 'LAB' }] }];
const loinc = (code: string): object => ({ coding: [{ system: 'http://loinc.org', code }] });

/** Codes to search for: a potassium, and an HIV result, which is labelled R and passes its label to its report. */
export const POTASSIUM = '2823-3';
export const HIV = '25836-8';

export type RecordName = keyof typeof RECORDS;

/** Every record about the patient. `later` is a second version. */
const RECORDS = {
  encounter: (subject: object, marker: string): Body => ({
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: `${TERMINOLOGY}/v3-ActCode`, code: 'AMB' },
    subject,
    reasonCode: [{ text: marker }],
  }),
  potassium: (subject: object, marker: string): Body => ({
    resourceType: 'Observation',
    status: 'final',
    category: LABORATORY,
    code: loinc(POTASSIUM),
    subject,
    note: [{ text: marker }],
  }),
  sodium: (subject: object, marker: string): Body => ({
    resourceType: 'Observation',
    status: 'final',
    category: LABORATORY,
    code: loinc('2951-2'),
    subject,
    note: [{ text: marker }],
  }),
  hiv: (subject: object, marker: string): Body => ({
    resourceType: 'Observation',
    status: 'final',
    category: LABORATORY,
    code: loinc(HIV),
    subject,
    note: [{ text: marker }],
  }),
  pulse: (subject: object, marker: string): Body => ({
    resourceType: 'Observation',
    status: 'final',
    category: VITAL_SIGNS,
    code: loinc('8867-4'),
    subject,
    note: [{ text: marker }],
  }),
  asthma: (subject: object, marker: string): Body => ({
    resourceType: 'Condition',
    clinicalStatus: { coding: [{ system: `${TERMINOLOGY}/condition-clinical`, code: 'active' }] },
    code: { text: 'Asthma' },
    subject,
    note: [{ text: marker }],
  }),
  report: (subject: object, marker: string): Body => ({
    resourceType: 'DiagnosticReport',
    status: 'final',
    category: LAB_SECTION,
    code: loinc('24323-8'),
    subject,
    result: ['potassium', 'pulse'].map((name) => ({ reference: urn(name) })),
    conclusion: marker,
  }),
  hivReport: (subject: object, marker: string): Body => ({
    resourceType: 'DiagnosticReport',
    status: 'final',
    category: LAB_SECTION,
    code: loinc('24323-8'),
    subject,
    result: ['potassium', 'hiv'].map((name) => ({ reference: urn(name) })),
    conclusion: marker,
  }),
} as const;

export interface Records {
  readonly patientId: string;
  readonly patientMarker: string;
  readonly ids: Readonly<Record<RecordName, string>>;
  /** Letters that stand in this record and nowhere else; of the potassium, in each of its two versions. */
  readonly markers: Readonly<Record<RecordName, string>>;
  readonly firstPotassium: string;
}

export interface Stay extends Records {
  readonly user: TestUser;
  /** The patient's own client, at the authority. */
  readonly patient: FhirClient;
}

const NAMES = Object.keys(RECORDS) as RecordName[];
const urn = (name: string): string =>
  `urn:uuid:00000000-0000-4000-8000-${String(['patient', ...NAMES].indexOf(name)).padStart(12, '0')}`;

/** A patient of North whose key is bound, with records of several categories and labels, written by Dr Nina Holt. */
export async function admit(story: StoryConsortium): Promise<Stay> {
  const records = await writeRecords(await story.client('nina'));
  const user = await addUser(story, 'authority', 'patient');
  await bindPatient(story, user, records.patientId);
  return { ...records, user, patient: await user.client('PATRQT') };
}

/** A patient with records of several categories and labels, one of them in two versions. */
export async function writeRecords(author: FhirClient): Promise<Records> {
  const [patientMarker, firstPotassium] = [drawMarker(), drawMarker()];
  const markers = Object.fromEntries(NAMES.map((name) => [name, drawMarker()])) as Records['markers'];
  const ids = await createRecords(author, patientMarker, { ...markers, potassium: firstPotassium });
  const former = JSON.parse((await author.expect('GET', `Observation/${ids.potassium}`)).text) as Body;
  const amended = { ...former, note: [{ text: markers.potassium }] };
  await author.expect('PUT', `Observation/${ids.potassium}`, JSON.stringify(amended));
  const { patient: patientId, ...rest } = ids;
  return { patientId, patientMarker, ids: rest, markers, firstPotassium };
}

async function createRecords(
  author: FhirClient,
  patientMarker: string,
  markers: Records['markers'],
): Promise<Record<RecordName | 'patient', string>> {
  const subject = { reference: urn('patient') };
  const patient = {
    resourceType: 'Patient',
    identifier: [nationalId(patientMarker)],
    name: [{ family: patientMarker }],
  };
  const resources: (readonly [string, Body])[] = [
    ['patient', patient],
    ...NAMES.map((name) => [name, RECORDS[name](subject, markers[name])] as const),
  ];
  const entry = resources.map(([name, resource]) => ({
    fullUrl: urn(name),
    resource,
    request: { method: 'POST', url: resource['resourceType'] },
  }));
  const bundle = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
  const answer = JSON.parse((await author.expect('POST', '', bundle)).text) as {
    entry: { response: { location: string } }[];
  };
  return Object.fromEntries(
    resources.map(([name], i) => [name, answer.entry[i]?.response.location.split('/')[1]]),
  ) as Record<RecordName | 'patient', string>;
}

export interface GrantTerms {
  readonly to: string;
  readonly categories?: ConsentTerms['categories'];
  readonly rights?: ConsentTerms['rights'];
  readonly parent?: string;
}

/** A Consent for treatment, for a day, or for half of it when it passes on another. @returns its id */
export function grant(
  story: StoryConsortium,
  by: FhirClient,
  { patientId }: Pick<Records, 'patientId'>,
  { to, categories = ['laboratory'], rights = ['read'], parent }: GrantTerms,
): Promise<string> {
  const days = parent === undefined ? 1 : 0.5;
  return consent(
    story,
    by,
    { patient: patientId, type: 'permit', grantee: to, rights, categories, days },
    parent,
  );
}

/** A Consent that keeps everything from a user for a day. @returns its id */
export function deny(
  story: StoryConsortium,
  by: FhirClient,
  { patientId }: Pick<Records, 'patientId'>,
  from: string,
): Promise<string> {
  const everything = { rights: ['read'], categories: '*' } as const;
  return consent(story, by, { patient: patientId, type: 'deny', grantee: from, ...everything, days: 1 });
}

async function consent(
  { consortium }: StoryConsortium,
  by: FhirClient,
  terms: Omit<ConsentTerms, 'purposes'>,
  parentId?: string,
): Promise<string> {
  const { userId, organisation } = userOf(consortium.state, terms.grantee);
  const { mspId } = organisationOf(consortium.state, organisation);
  const parties = { patientId: terms.patient, parentId, grantee: { mspId, userId } };
  const resource = consentResource({ ...terms, purposes: ['TREAT'] }, parties);
  const { text } = await by.expect('POST', 'Consent', JSON.stringify(resource));
  return (JSON.parse(text) as { id: string }).id;
}

export async function revoke(by: FhirClient, consentId: string): Promise<void> {
  const current = JSON.parse((await by.expect('GET', `Consent/${consentId}`)).text) as Body;
  await by.expect('PUT', `Consent/${consentId}`, JSON.stringify({ ...current, status: 'inactive' }));
}
