import type { FhirClient } from '@healthchain/cli';
import { ROLES, ROLES_OF_KIND, type Role } from '@healthchain/core';
import type { StoryConsortium } from './consortium.ts';
import {
  consentFor,
  drawMarker,
  patient,
  recordOf,
  transactionOf,
  type Body,
  type RecordType,
} from './resources.ts';
import { addUser, bindPatient, type OrganisationName, type TestUser } from './users.ts';

export type SituationName = 'own' | 'unrelated' | 'foreign' | 'granted' | 'self';
/** `care`: for everybody but the insurer's users; `insurer`: for them. */
type Home = 'north' | 'authority' | 'acme';

/** A stored resource, and the letters by which it is known wherever it appears. */
export interface Stored {
  readonly type: string;
  readonly id: string;
  readonly marker: string;
}

/** What a role of one organisation finds in a situation. */
export interface Found {
  readonly patient: Stored;
  readonly records: ReadonlyMap<RecordType, Stored>;
  readonly nationalId: string;
  /** A grant of the person, as its patient reads it. */
  readonly consent: Body;
  /** Writes what a case may then change or delete. */
  readonly author: FhirClient;
}

export interface HttpSituations {
  /** One user of each role but `server`. */
  readonly users: ReadonlyMap<Role, TestUser>;
  /** Further users of the roles that may break the glass. */
  readonly rescuers: ReadonlyMap<Role, TestUser>;
  find(situation: SituationName, role: Role): Found;
  /** Everything by which a person or a record could be known in a log. */
  readonly distinctive: readonly string[];
}

const CARE_TYPES: readonly RecordType[] = ['Observation', 'AllergyIntolerance', 'RelatedPerson', 'Condition'];

export function homeOf(role: Role): Home {
  if (role === 'claims-auditor') return 'acme';
  return ROLES_OF_KIND.hospital.includes(role) ? 'north' : 'authority';
}

/** The persons of test/expectations/http-roles.csv with their records, written over HTTP by users of their own. */
export async function createSituations(story: StoryConsortium): Promise<HttpSituations> {
  const users = await usersOf(
    story,
    ROLES.filter((role) => role !== 'server'),
  );
  const rescuers = await usersOf(story, ['doctor', 'nurse', 'emergency-staff']);
  const stage = await openStage(story);
  const self = users.get('patient') as TestUser;
  const found = new Map<string, Found>([
    ...(await ownPersons(stage)),
    ...(await unrelatedPersons(stage)),
    ['foreign', await southPerson(stage, await stage.newPatientUser())],
    ['self', await southPerson(stage, self)],
    ...(await grantingPerson(stage)),
  ]);
  const find = (situation: SituationName, role: Role): Found =>
    found.get(`${situation} ${homeOf(role)}`) ?? (found.get(situation) as Found);
  return { users, rescuers, find, distinctive: [...found.values()].flatMap(distinctiveOf) };
}

interface Stage {
  readonly story: StoryConsortium;
  readonly author: Readonly<Record<'north' | 'south' | 'acme', FhirClient>>;
  readonly newPatientUser: () => Promise<TestUser>;
}

async function openStage(story: StoryConsortium): Promise<Stage> {
  const clientOf = async (organisation: OrganisationName, role: Role): Promise<FhirClient> =>
    (await addUser(story, organisation, role)).client();
  const author = {
    north: await clientOf('north', 'doctor'),
    south: await clientOf('south', 'doctor'),
    acme: await clientOf('acme', 'claims-auditor'),
  };
  return { story, author, newPatientUser: () => addUser(story, 'authority', 'patient') };
}

async function usersOf(story: StoryConsortium, roles: readonly Role[]): Promise<ReadonlyMap<Role, TestUser>> {
  const pairs = roles.map(async (role) => [role, await addUser(story, homeOf(role), role)] as const);
  return new Map(await Promise.all(pairs));
}

/** Known to North, to the Authority and to Acme, each with a Patient and records of its own. */
async function ownPersons({ story, author, newPatientUser }: Stage): Promise<[string, Found][]> {
  const national = drawMarker();
  const user = await newPatientUser();
  const atNorth = await createPatient(author.north, national);
  await bindPatient(story, user, atNorth.id);
  const self = await user.client();
  const atAuthority = await createPatient(self, national);
  const consent = await create(self, consentFor({ ...toSouthDoctor, patientId: atNorth.id }));
  const atAcme = await createPatient(author.acme, national);
  const homes = [
    ['north', atNorth, author.north, CARE_TYPES],
    ['authority', atAuthority, self, ['Observation', 'Condition']],
    ['acme', atAcme, author.acme, ['Coverage']],
  ] as const;
  return Promise.all(
    homes.map(async ([home, stored, writer, types]): Promise<[string, Found]> => {
      const records = await createRecords(writer, stored.id, types);
      return [`own ${home}`, { patient: stored, records, nationalId: national, consent, author: writer }];
    }),
  );
}

/** Registered at South alone; North wrote under a grant that is revoked, the Authority keeps what the patient wrote. */
async function unrelatedPersons(stage: Stage): Promise<[string, Found][]> {
  const { author, newPatientUser } = stage;
  const user = await newPatientUser();
  const { patient: stored, consent, nationalId } = await southPerson(stage, user);
  const self = await user.client();
  const shared = { patient: stored, consent, nationalId };
  const grant = consentFor({ patientId: stored.id, grantee: { mspId: 'NorthMSP' }, rights: ['write'] });
  const granted = await create(self, grant);
  const atNorth = await createRecords(author.north, stored.id, CARE_TYPES);
  const revoked = JSON.stringify({ ...granted, status: 'inactive' });
  await self.expect('PUT', `Consent/${String(granted['id'])}`, revoked);
  const atAuthority = await createRecords(self, stored.id, ['Observation', 'Condition']);
  return [
    ['unrelated north', { ...shared, records: atNorth, author: author.north }],
    ['unrelated authority', { ...shared, records: atAuthority, author: self }],
  ];
}

/** As southPerson, and granted read and write of everything to North and to the Authority. */
async function grantingPerson(stage: Stage): Promise<[string, Found][]> {
  const user = await stage.newPatientUser();
  const found = await southPerson(stage, user);
  const self = await user.client();
  const grantTo = (mspId: string): Promise<Body> =>
    create(self, consentFor({ patientId: found.patient.id, grantee: { mspId }, rights: ['read', 'write'] }));
  return [
    ['granted north', { ...found, consent: await grantTo('NorthMSP') }],
    ['granted authority', { ...found, consent: await grantTo('AuthorityMSP') }],
  ];
}

const toSouthDoctor = {
  grantee: { mspId: 'SouthMSP', userId: 'a'.repeat(32) },
  rights: ['read'],
} as const;

/** Registered and treated at South alone; granted something to somebody of South. */
async function southPerson({ story, author }: Stage, user: TestUser): Promise<Found> {
  const nationalId = drawMarker();
  const stored = await createPatient(author.south, nationalId);
  await bindPatient(story, user, stored.id);
  const self = await user.client();
  const consent = await create(self, consentFor({ ...toSouthDoctor, patientId: stored.id }));
  const records = await createRecords(author.south, stored.id, CARE_TYPES);
  return { patient: stored, records, nationalId, consent, author: author.south };
}

async function createPatient(client: FhirClient, national: string): Promise<Stored> {
  const marker = drawMarker();
  const created = await create(client, patient(marker, national));
  return { type: 'Patient', id: String(created['id']), marker };
}

async function createRecords(
  client: FhirClient,
  patientId: string,
  types: readonly RecordType[],
): Promise<ReadonlyMap<RecordType, Stored>> {
  const drafts = types.map((type) => ({ type, marker: drawMarker() }));
  const bundle = transactionOf(...drafts.map(({ type, marker }) => recordOf(type, patientId, marker)));
  const { text } = await client.expect('POST', '', JSON.stringify(bundle));
  const { entry } = JSON.parse(text) as { entry: { response: { location: string } }[] };
  return new Map(
    drafts.map(({ type, marker }, i) => {
      const id = entry[i]?.response.location.split('/')[1] ?? '';
      return [type, { type, id, marker }];
    }),
  );
}

export async function create(client: FhirClient, body: Body): Promise<Body> {
  return JSON.parse((await client.expect('POST', body.resourceType, JSON.stringify(body))).text) as Body;
}

function distinctiveOf({ patient: stored, records, nationalId }: Found): string[] {
  const resources = [stored, ...records.values()];
  return [nationalId, ...resources.flatMap(({ id, marker }) => [id, marker])];
}
