import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { control, organisationOf, userOf, verifyConsortium, type FhirClient } from '@healthchain/cli';
import { eventually } from './support/eventually.ts';
import { startProgram, type Program } from './support/program.ts';
import { consentFor, patient, recordOf, type Body, type RecordType } from './support/resources.ts';

const ORGANISATIONS = ['north', 'south', 'acme', 'authority'] as const;
const PARTS = ['peer', 'orderer', 'custodian'] as const;
type Organisation = (typeof ORGANISATIONS)[number];

/** Doctors of both hospitals, the insurer's auditor, the patient: where each works, and what each may read by way of the ledger. */
const USERS = { nina: 'north', sven: 'south', anna: 'acme', maria: 'authority' } as const;
type User = keyof typeof USERS;
const USER_NAMES = Object.keys(USERS) as User[];

let program: Program;
let clients: Record<User, FhirClient>;
/** The Patient of the same person at each organisation. */
const patients = {} as Record<'nina' | 'sven' | 'anna', string>;
/** What each user reads, as stored at whichever organisation. */
const readable: Record<User, string[]> = { nina: [], sven: [], anna: [], maria: [] };

beforeAll(async () => {
  program = await startProgram();
  const named = await Promise.all(USER_NAMES.map(async (name) => [name, await program.client(name)]));
  clients = Object.fromEntries(named) as Record<User, FhirClient>;
  for (const name of ['nina', 'sven', 'anna'] as const) {
    patients[name] = await create(name, patient('Availability', '19700101-0001'));
  }
  await control(program.data, 'bind', { user: 'maria', patient: idOf(patients.nina) });
  await eventually('the key of the patient', async () => {
    const { status } = await clients.maria.request('GET', patients.nina);
    return status === 200 ? true : undefined;
  });
  for (const grantee of ['nina', 'sven'] as const) await grantEverything(grantee);
  const ofNorth = await write('nina', 'Observation');
  const ofSouth = await write('sven', 'Observation');
  readable.anna.push(await write('anna', 'Coverage'));
  for (const name of ['nina', 'sven', 'maria'] as const) readable[name].push(ofNorth, ofSouth);
}, 120_000);
afterAll(() => program?.close());

describe.each(ORGANISATIONS)('without peer, orderer and custodian of %s', (stopped) => {
  const others = USER_NAMES.filter((name) => USERS[name] !== stopped);
  const written: string[] = [];

  beforeAll(() => switchAll('stop', stopped));

  it('every read of the others succeeds: own records, records under a grant, the patient’s own', async () => {
    for (const name of others) {
      for (const path of readable[name]) expect(await statusOf(name, path)).toBe(200);
    }
  });

  it('searches of the others find what they found before', async () => {
    for (const name of others.filter((other) => other !== 'anna')) {
      const found = await pathsOf(name, `Observation?patient=${idOf(patients.nina)}`);
      for (const path of readable[name]) expect(found).toContain(path);
    }
  });

  it.runIf(stopped !== 'authority')('the patient is shown everything', async () => {
    const found = await pathsOf('maria', `${patients.nina}/$everything`);
    for (const path of readable.maria) expect(found).toContain(path);
  });

  it('the others’ writes go on, on both circles, and are read at once', async () => {
    for (const name of others.filter((other) => other !== 'maria')) {
      const path = await write(name, name === 'anna' ? 'Coverage' : 'Observation');
      expect(await statusOf(name, path)).toBe(200);
      if (name !== 'anna') written.push(path);
    }
  });

  it('it catches up when it is started again, its users read what was written meanwhile, and everything verifies', async () => {
    await switchAll('start', stopped);
    const user = USER_NAMES.find((name) => USERS[name] === stopped) as User;
    for (const path of stopped === 'acme' ? [] : written) {
      await eventually(`${user} to read ${path}`, async () =>
        (await statusOf(user, path)) === 200 ? true : undefined,
      );
    }
    const report = await verifyConsortium(program.data, program.state(), () => undefined);
    expect(report.copies.flatMap(({ findings }) => findings)).toEqual([]);
    expect(report).toMatchObject({ ok: true });
    expect(report.copies.map(({ state }) => state)).toEqual(report.copies.map(() => 'running'));
  });
});

async function switchAll(action: 'stop' | 'start', organisation: Organisation): Promise<void> {
  for (const part of PARTS) await control(program.data, 'switch', { action, part, organisation });
}

async function create(name: User, body: Body): Promise<string> {
  const { text } = await clients[name].expect('POST', body.resourceType, JSON.stringify(body));
  const { id } = JSON.parse(text) as { id: string };
  return `${body.resourceType}/${id}`;
}

function write(name: keyof typeof patients, type: RecordType): Promise<string> {
  return create(name, recordOf(type, idOf(patients[name]), 'written while others are away'));
}

async function grantEverything(to: 'nina' | 'sven'): Promise<void> {
  const { userId, organisation } = userOf(program.state(), to);
  const { mspId } = organisationOf(program.state(), organisation);
  await create(
    'maria',
    consentFor({ patientId: idOf(patients.nina), grantee: { mspId, userId }, rights: ['read'] }),
  );
}

async function statusOf(name: User, path: string): Promise<number> {
  return (await clients[name].request('GET', path)).status;
}

/** What a search or an operation shows, over all its pages. */
async function pathsOf(name: User, query: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { resource, search } of clients[name].search(query)) {
    if (search?.mode !== 'outcome') found.push(`${resource.resourceType}/${resource.id}`);
  }
  return found;
}

function idOf(path: string): string {
  return path.split('/')[1] as string;
}
