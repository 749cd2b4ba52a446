import { join } from 'node:path';
import { FhirClient, organisationOf, tokenFor, type ConsortiumState } from '@healthchain/cli';
import { randomPersonId, type Purpose, type Role } from '@healthchain/core';
import { enroll } from '@healthchain/ledger';
import { openHealthClient } from '@healthchain/server';
import type { StoryConsortium } from './consortium.ts';
import { eventually } from './eventually.ts';

export type OrganisationName = ConsortiumState['organisations'][number]['name'];

/** A user beside those of the demo: certificate, key with the server of the organisation, tokens. */
export interface TestUser {
  readonly userId: string;
  readonly organisation: OrganisationName;
  readonly mspId: string;
  readonly role: Role;
  token(purpose?: Purpose): Promise<string>;
  client(purpose?: Purpose): Promise<FhirClient>;
}

/** The purpose with which a role usually works. */
const USUAL_PURPOSE: Readonly<Record<Role, Purpose>> = {
  doctor: 'TREAT',
  nurse: 'TREAT',
  'lab-technician': 'TREAT',
  pharmacist: 'TREAT',
  clerk: 'HOPERAT',
  'privacy-officer': 'HOPERAT',
  'department-terminal': 'TREAT',
  'claims-auditor': 'HPAYMT',
  regulator: 'PUBHLTH',
  patient: 'PATRQT',
  'family-member': 'PATRQT',
  researcher: 'HRESCH',
  'emergency-staff': 'TREAT',
  administrator: 'HOPERAT',
  server: 'HOPERAT',
};

export function runningOf({ consortium }: StoryConsortium, name: OrganisationName) {
  const found = consortium.organisations.find(({ organisation }) => organisation.name === name);
  if (found === undefined) throw new Error(`${name} does not run`);
  return found;
}

export async function addUser(
  story: StoryConsortium,
  organisation: OrganisationName,
  role: Role,
): Promise<TestUser> {
  const { data, consortium } = story;
  const { mspId } = organisationOf(consortium.state, organisation);
  const userId = randomPersonId();
  await giveCertificate(story, { userId, organisation, mspId, role });
  const purpose = USUAL_PURPOSE[role];
  const known = { handle: userId, name: userId, organisation, role, purpose, userId };
  const state: ConsortiumState = { ...consortium.state, users: [known] };
  const token = (wanted: Purpose = purpose): Promise<string> =>
    tokenFor(data, state, userId, { purpose: wanted });
  const base = `http://127.0.0.1:${organisationOf(state, organisation).port}/fhir`;
  return {
    userId,
    organisation,
    mspId,
    role,
    token,
    client: async (wanted) => new FhirClient(base, await token(wanted)),
  };
}

/** A certificate that stands for the user from then on. */
export async function giveCertificate(
  story: StoryConsortium,
  { userId, organisation, mspId, role }: Pick<TestUser, 'userId' | 'organisation' | 'mspId' | 'role'>,
  notAfter?: Date,
): Promise<void> {
  const pair = await enroll({
    directory: join(story.data, 'ledger'),
    mspId,
    ou: 'client',
    commonName: userId,
    attributes: { role, userId },
    ...(notAfter === undefined ? {} : { notAfter }),
  });
  runningOf(story, organisation).exchange.keystore.put(userId, role, pair);
}

/** The authority says whose key the user holds; on return the authority's server knows it. */
export async function bindPatient(story: StoryConsortium, user: TestUser, patientId: string): Promise<void> {
  const { exchange, server, organisation } = runningOf(story, 'authority');
  const { mspId } = organisation;
  const personId = await eventually('the patient', () => exchange.persons.ofPatient(patientId));
  const gateways = [{ mspId, client: story.consortium.engine.client(mspId) }];
  const client = openHealthClient({ mspId, channel: 'care', gateways, keyPair: server });
  await client.persons.bindKey({ personId, userId: user.userId });
  const caller = { mspId, userId: user.userId, role: user.role, purpose: 'PATRQT' } as const;
  await eventually('the key', () => exchange.persons.ofCaller(caller));
}
