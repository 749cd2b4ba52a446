import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Caller } from '../../ports.ts';
import { requestOf, startConsortium, type TestConsortium } from '../harness/consortium.ts';
import {
  appliedEverywhere,
  bindKey,
  createPatient,
  observation,
  writeEverywhere,
  type KnownPatient,
} from '../harness/records.ts';
import { openHealthClient } from '../sessions/health-client.ts';

let consortium: TestConsortium;
let northDoctor: Caller;
let southDoctor: Caller;
let maria: Caller;
let atNorth: KnownPatient;

beforeAll(async () => {
  consortium = await startConsortium();
  const { north, south, authority } = consortium.servers;
  northDoctor = await north.user('doctor');
  southDoctor = await south.user('doctor');
  maria = await authority.user('patient', 'PATRQT');
  atNorth = await createPatient(north, northDoctor, 'urn:national|maria');
  await bindKey(consortium, maria, atNorth.person);
});
afterAll(() => consortium.close());

test('a Patient with the same identifier at another hospital is the same person', async () => {
  const atSouth = await createPatient(consortium.servers.south, southDoctor, 'urn:national|maria');
  expect(atSouth.person).toBe(atNorth.person);
  const listed = await consortium.servers.south.exchange.persons.patientsOf(atNorth.person);
  expect(listed).toEqual([
    { recordId: atSouth.patientId, mspId: 'SouthMSP' },
    { recordId: atNorth.patientId, mspId: 'NorthMSP' },
  ]);
});

test('a match finds by exact identifiers only, and stands in the person’s log', async () => {
  const { authority, south } = consortium.servers;
  const officer = await authority.user('regulator', 'PUBHLTH');
  expect(await authority.exchange.persons.match(requestOf(officer), ['urn:national|maria'])).toEqual([
    atNorth.person,
  ]);
  expect(await authority.exchange.persons.match(requestOf(officer), ['urn:national|mari'])).toEqual([]);
  const events = await authority.exchange.faces['AuditEvent']?.search(
    requestOf(maria),
    new URLSearchParams(),
  );
  const matches = events?.filter(({ resource }) => JSON.stringify(resource['outcomeDesc']).includes('match'));
  expect(matches?.some(({ resource }) => JSON.stringify(resource['agent']).includes(officer.userId))).toBe(
    true,
  );
  expect(south.log.filter(({ level }) => level === 'alarm')).toEqual([]);
});

test('matches are throttled by user', async () => {
  const { authority } = consortium.servers;
  const clerk = await authority.user('regulator', 'PUBHLTH');
  const many = Array.from({ length: 61 }, () =>
    authority.exchange.persons.match(requestOf(clerk), ['urn:national|nobody']),
  );
  const outcomes = await Promise.allSettled(many);
  const refused = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ code: 'LIMIT' });
});

test('one match asks about few identifiers, and what a conflict tells is throttled like a match', async () => {
  const { north } = consortium.servers;
  const { persons } = north.exchange;
  const caller = await north.user('doctor');
  const many = Array.from({ length: 21 }, (_, i) => `urn:national|${i}`);
  for (const asked of [
    persons.match(requestOf(caller), many),
    persons.forNewPatient(requestOf(caller), many),
  ]) {
    await expect(asked).rejects.toMatchObject({ code: 'INVALID' });
  }
  const other = await createPatient(north, northDoctor, 'urn:national|other');
  expect(other.person).not.toBe(atNorth.person);
  const both = ['urn:national|maria', 'urn:national|other'];
  const codes: unknown[] = [];
  for (let i = 0; i < 61; i++) {
    const refusal: unknown = await persons
      .forNewPatient(requestOf(caller), both)
      .catch((error: unknown) => error);
    codes.push((refusal as { code?: unknown }).code);
  }
  expect(new Set(codes.slice(0, 59))).toEqual(new Set(['CONFLICT']));
  expect(codes.at(-1)).toBe('LIMIT');
});

test('two clerks merge two persons; any of their Patients then means the one that stands for both', async () => {
  const { north, south } = consortium.servers;
  const duplicate = await createPatient(north, northDoctor, 'urn:mrn|duplicate');
  await writeEverywhere(consortium, north, northDoctor, [observation(duplicate)]);
  const clerks = await Promise.all([north.user('clerk', 'HOPERAT'), north.user('clerk', 'HOPERAT')]);
  const [first, second] = clerks.map((clerk) =>
    openHealthClient({
      mspId: 'NorthMSP',
      channel: 'care',
      gateways: north.context.gateways.slice(0, 1),
      keyPair: north.exchange.keystore.keyPair(clerk.userId),
    }),
  );
  const proposed = await first?.persons.merge({
    fromPersonId: duplicate.person,
    intoPersonId: atNorth.person,
  });
  const merged = await second?.persons.confirmMerge({ mergeId: proposed?.result.mergeId ?? '' });
  await appliedEverywhere(consortium, Number(merged?.blockNumber));
  expect(await south.exchange.persons.ofPatient(duplicate.patientId)).toBe(atNorth.person);
  const heads = await south.exchange.listPerson(duplicate.person);
  expect(heads.map(({ recordId }) => recordId)).toEqual(
    expect.arrayContaining([atNorth.patientId, duplicate.patientId]),
  );
});

test('the provenance of a record names transaction, author and endorsers', async () => {
  const { north } = consortium.servers;
  const found = await north.exchange.faces['Provenance']?.search(
    requestOf(northDoctor),
    new URLSearchParams({ target: `Patient/${atNorth.patientId}` }),
  );
  const [version] = await north.exchange.versions(atNorth.patientId);
  expect(found?.[0]?.resource).toMatchObject({
    id: version?.transactionId,
    target: [{ reference: `Patient/${atNorth.patientId}/_history/1` }],
  });
  const agents = JSON.stringify(found?.[0]?.resource['agent']);
  expect(agents).toContain(northDoctor.userId);
  expect(agents.match(/verifier/g)?.length).toBeGreaterThanOrEqual(2);
});
