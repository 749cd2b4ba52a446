import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ExchangeError } from '../exchange/error.ts';
import { Consortium } from './testing/consortium.ts';
import { call, serverOf, type TestServer } from './testing/harness.ts';
import { observation, organization, patient } from './testing/resources.ts';

let consortium: Consortium;
let north: TestServer;
let south: TestServer;
let doctor: string;

const idOf = (location: unknown): string => /\/([^/]+)\/_history/.exec(String(location))?.[1] ?? '';
const created = async (resource: unknown, server = north, token = doctor): Promise<string> => {
  const type = (resource as { resourceType: string }).resourceType;
  const answer = await call(server, { method: 'POST', url: `/fhir/${type}`, token, body: resource });
  expect(answer.statusCode, answer.body).toBe(201);
  return idOf(answer.headers['location']);
};

beforeAll(async () => {
  const server = await serverOf(new Consortium(), 'north');
  await server.app.close();
});

beforeEach(async () => {
  consortium = new Consortium();
  north = await serverOf(consortium, 'north');
  south = await serverOf(consortium, 'south');
  doctor = await north.token('doctor', 'TREAT');
});

describe('create and read', () => {
  it('answers a create with its version, place and content, and serves the same bytes', async () => {
    const answer = await call(north, {
      method: 'POST',
      url: '/fhir/Patient',
      token: doctor,
      body: patient('1'),
    });
    expect(answer.statusCode).toBe(201);
    const id = idOf(answer.headers['location']);
    expect(answer.headers['location']).toBe(`http://north.test/fhir/Patient/${id}/_history/1`);
    expect(answer.headers['etag']).toBe('W/"1"');
    expect(answer.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
    expect(answer.json().meta).toMatchObject({
      versionId: '1',
      tag: [{ code: 'demographics' }],
      security: [{ code: 'N' }],
    });
    const read = await call(north, { url: `/fhir/Patient/${id}`, token: doctor });
    expect(read.statusCode).toBe(200);
    expect(read.body).toBe(answer.body);
    expect(read.headers).toMatchObject({
      etag: 'W/"1"',
      'last-modified': new Date(read.json().meta.lastUpdated).toUTCString(),
    });
  });

  it('keeps numbers as they were written', async () => {
    const id = await created(patient('1'));
    const text = JSON.stringify(observation(id, { valueQuantity: { value: 0, unit: 'mg' } })).replace(
      '"value":0',
      '"value":1.00',
    );
    const answer = await call(north, { method: 'POST', url: '/fhir/Observation', token: doctor, body: text });
    expect(answer.body).toContain('"value":1.00');
    const observationId = idOf(answer.headers['location']);
    const pretty = await call(north, {
      url: `/fhir/Observation/${observationId}?_pretty=true`,
      token: doctor,
    });
    expect(pretty.body).toContain('"value": 1.00');
    const found = await call(north, { url: `/fhir/Observation?patient=${id}`, token: doctor });
    expect(found.body).toContain('"value":1.00');
  });

  it('states a read before it answers, and a refusal too', async () => {
    const id = await created(patient('1'));
    await call(north, { url: `/fhir/Patient/${id}`, token: doctor });
    expect(consortium.statements.at(-1)).toMatchObject({
      interaction: 'read',
      outcome: 'released',
      code: 'BASE_POLICY',
      items: [{ recordId: id, version: 1 }],
    });
    consortium.policy = () => ({ permit: false, code: 'NOT_GRANTED' });
    await call(north, { url: `/fhir/Patient/${id}`, token: doctor });
    expect(consortium.statements.at(-1)).toMatchObject({
      interaction: 'read',
      outcome: 'refused',
      code: 'NOT_GRANTED',
    });
  });

  it.each([
    ['return=minimal', 201, ''],
    ['return=OperationOutcome', 201, 'OperationOutcome'],
    ['return=representation', 201, '"resourceType":"Patient"'],
  ])('prefers %s', async (prefer, status, content) => {
    const answer = await call(north, {
      method: 'POST',
      url: '/fhir/Patient',
      token: doctor,
      body: patient('1'),
      headers: { prefer },
    });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['location']).toBeDefined();
    if (content === '') expect(answer.body).toBe('');
    else expect(answer.body).toContain(content);
  });

  it('answers 304 to who has the version', async () => {
    const id = await created(patient('1'));
    const read = await call(north, {
      url: `/fhir/Patient/${id}`,
      token: doctor,
      headers: { 'if-none-match': 'W/"1"' },
    });
    expect([read.statusCode, read.body]).toEqual([304, '']);
  });

  it('creates one resource for one condition, also at the same time', async () => {
    const once = {
      method: 'POST',
      url: '/fhir/Patient',
      token: doctor,
      body: patient('7'),
      headers: { 'if-none-exist': 'identifier=urn:test:mrn|7' },
    } as const;
    const answers = await Promise.all([call(north, once), call(north, once), call(north, once)]);
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 200, 201]);
    expect(new Set(answers.map(({ headers }) => idOf(headers['content-location']))).size).toBe(1);
  });

  it('refuses a condition that finds several, or that cannot be read', async () => {
    await created(patient('1', 'Same'));
    await created(patient('2', 'Same'));
    const create = (condition: string) =>
      call(north, {
        method: 'POST',
        url: '/fhir/Patient',
        token: doctor,
        body: patient('3'),
        headers: { 'if-none-exist': condition },
      });
    const several = await create('family=Same');
    expect([several.statusCode, several.json().issue[0].code]).toEqual([412, 'multiple-matches']);
    expect((await create('colour=red')).statusCode).toBe(400);
    expect((await create('')).statusCode).toBe(400);
  });

  it('registers a person for a Patient only when everything is in order', async () => {
    const broken = { ...patient('9'), gender: 'unheard-of' };
    expect(
      (await call(north, { method: 'POST', url: '/fhir/Patient', token: doctor, body: broken })).statusCode,
    ).toBe(400);
    expect(
      await north.context.exchange.persons.match(
        {
          requestId: '',
          caller: { mspId: '', userId: '', role: 'doctor', purpose: 'TREAT' },
          at: new Date(),
        },
        ['urn:test:mrn|9'],
      ),
    ).toEqual([]);
  });
});

describe('directory', () => {
  it('resolves a repeated entry to its first copy, at every organisation', async () => {
    const id = await created(organization('1'));
    const southDoctor = await south.token('doctor', 'TREAT');
    const again = await call(south, {
      method: 'POST',
      url: '/fhir/Organization',
      token: southDoctor,
      body: organization('1', 'Other name'),
    });
    expect(again.statusCode).toBe(200);
    expect(again.headers['content-location']).toBe(`http://south.test/fhir/Organization/${id}/_history/1`);
    expect(consortium.transactions).toBe(1);
    const read = await call(south, { url: `/fhir/Organization/${id}`, token: southDoctor });
    expect(read.json().name).toBe('Clinic');
  });

  it('removes what is private of a Practitioner', async () => {
    const body = {
      resourceType: 'Practitioner',
      birthDate: '1970-01-01',
      telecom: [
        { system: 'phone', value: '1', use: 'home' },
        { system: 'phone', value: '2', use: 'work' },
      ],
    };
    const id = await created(body);
    const read = await call(north, { url: `/fhir/Practitioner/${id}`, token: doctor });
    expect(read.json().birthDate).toBeUndefined();
    expect(read.json().telecom).toEqual([{ system: 'phone', value: '2', use: 'work' }]);
  });
});

describe('update and delete', () => {
  const put = (id: string, body: Record<string, unknown>, headers: Record<string, string> = {}) =>
    call(north, { method: 'PUT', url: `/fhir/Patient/${id}`, token: doctor, body: { ...body, id }, headers });

  it('writes the next version and keeps the one before', async () => {
    const id = await created(patient('1', 'Before'));
    const updated = await put(id, patient('1', 'After'), { 'if-match': 'W/"1"' });
    expect([updated.statusCode, updated.headers['etag']]).toEqual([200, 'W/"2"']);
    const first = await call(north, { url: `/fhir/Patient/${id}/_history/1`, token: doctor });
    expect(first.json().name[0].family).toBe('Before');
    expect((await call(north, { url: `/fhir/Patient/${id}`, token: doctor })).json().name[0].family).toBe(
      'After',
    );
  });

  it('refuses another version than the current one', async () => {
    const id = await created(patient('1'));
    const wrong = await put(id, patient('1'), { 'if-match': 'W/"9"' });
    expect([wrong.statusCode, wrong.headers['etag']]).toEqual([412, 'W/"1"']);
    expect((await put(id, patient('1'), { 'if-match': '*' })).statusCode).toBe(400);
    expect(consortium.versionsOf(id)).toHaveLength(1);
  });

  it('tells a lost race by 409, or 412 to who named the version', async () => {
    const id = await created(patient('1'));
    consortium.failNextWrite = new ExchangeError('CONFLICT', 'Not head + 1');
    expect((await put(id, patient('1'))).statusCode).toBe(409);
    consortium.failNextWrite = new ExchangeError('CONFLICT', 'Not head + 1');
    expect((await put(id, patient('1'), { 'if-match': 'W/"1"' })).statusCode).toBe(412);
  });

  it('creates nothing by PUT', async () => {
    const id = '6f1b1f0e-0b5c-4a5e-9d1c-1f2e3d4c5b6a';
    expect((await put(id, patient('1'))).statusCode).toBe(404);
    expect(consortium.transactions).toBe(0);
  });

  it('refuses a body of another id or type', async () => {
    const id = await created(patient('1'));
    const other = await call(north, {
      method: 'PUT',
      url: `/fhir/Patient/${id}`,
      token: doctor,
      body: { ...patient('1'), id: 'x' },
    });
    expect([other.statusCode, other.json().issue[0].expression]).toEqual([400, ['Patient.id']]);
    const typed = await call(north, {
      method: 'PUT',
      url: `/fhir/Patient/${id}`,
      token: doctor,
      body: { ...organization('1'), id },
    });
    expect(typed.statusCode).toBe(400);
  });

  it('never changes the person of a record', async () => {
    const [one, two] = [await created(patient('1')), await created(patient('2'))];
    const id = await created(observation(one));
    const answer = await call(north, {
      method: 'PUT',
      url: `/fhir/Observation/${id}`,
      token: doctor,
      body: { ...observation(two), id },
    });
    expect([answer.statusCode, answer.json().issue[0].code]).toEqual([422, 'business-rule']);
    consortium.link(one, two);
    const merged = await call(north, {
      method: 'PUT',
      url: `/fhir/Observation/${id}`,
      token: doctor,
      body: { ...observation(two), id },
    });
    expect(merged.statusCode).toBe(200);
  });

  it('leaves a tombstone', async () => {
    const id = await created(patient('1'));
    const removed = await call(north, { method: 'DELETE', url: `/fhir/Patient/${id}`, token: doctor });
    expect([removed.statusCode, removed.headers['etag'], removed.body]).toEqual([204, 'W/"2"', '']);
    expect((await call(north, { url: `/fhir/Patient/${id}`, token: doctor })).statusCode).toBe(410);
    expect((await call(north, { url: `/fhir/Patient/${id}/_history/2`, token: doctor })).statusCode).toBe(
      410,
    );
    expect((await call(north, { url: `/fhir/Patient/${id}/_history/1`, token: doctor })).statusCode).toBe(
      200,
    );
    expect((await put(id, patient('1'))).statusCode).toBe(410);
    expect(
      (await call(north, { method: 'DELETE', url: `/fhir/Patient/${id}`, token: doctor })).statusCode,
    ).toBe(204);
    expect(consortium.versionsOf(id)).toHaveLength(2);
    const found = await call(north, { url: '/fhir/Patient', token: doctor });
    expect(found.json().total).toBe(0);
  });

  it("hints at an addendum for another organisation's record that may be read", async () => {
    const id = await created(patient('1'));
    const token = await south.token('doctor', 'TREAT');
    const body = { ...patient('1'), id };
    const refused = await call(south, { method: 'PUT', url: `/fhir/Patient/${id}`, token, body });
    expect(refused.statusCode).toBe(403);
    expect(refused.json().issue[0].diagnostics).toContain('addendum');
    consortium.policy = () => ({ permit: false, code: 'NOT_GRANTED' });
    expect((await call(south, { method: 'PUT', url: `/fhir/Patient/${id}`, token, body })).statusCode).toBe(
      404,
    );
    expect((await call(south, { method: 'DELETE', url: `/fhir/Patient/${id}`, token })).statusCode).toBe(404);
  });
});
