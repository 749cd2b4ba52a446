import { beforeEach, describe, expect, it } from 'vitest';
import { ExchangeError } from '../exchange/error.ts';
import { call } from './testing/harness.ts';
import {
  bundleOf,
  observation,
  organization,
  patient,
  post,
  practitioner,
  type TestEntry,
} from './testing/resources.ts';
import { createdAt, type Story, tellStory } from './testing/story.ts';

let story: Story;

beforeEach(async () => {
  story = await tellStory();
});

const send = async (
  type: 'batch' | 'transaction',
  entries: readonly TestEntry[],
  headers: Record<string, string> = {},
) =>
  call(story.north, {
    method: 'POST',
    url: '/fhir',
    token: story.northDoctor,
    body: bundleOf(type, entries),
    headers,
  });
const statuses = (answer: { json: () => { entry: { response: { status: string } }[] } }): string[] =>
  answer.json().entry.map(({ response }) => response.status.slice(0, 3));
const readAt = async (location: string) => {
  const answer = await call(story.north, {
    url: `/fhir/${location.replace(/\/_history.*/, '')}`,
    token: story.northDoctor,
  });
  return answer.json();
};
const locations = (answer: { json: () => { entry: { response: { location: string } }[] } }): string[] =>
  answer.json().entry.map(({ response }) => response.location);

const P = 'urn:uuid:11111111-1111-4111-8111-111111111111';
const E = 'urn:uuid:22222222-2222-4222-8222-222222222222';
const C = 'urn:uuid:33333333-3333-4333-8333-333333333333';
const O = 'urn:uuid:44444444-4444-4444-8444-444444444444';

describe('a transaction', () => {
  it('is one ledger transaction, its references rewritten to what was assigned', async () => {
    const answer = await send('transaction', [
      post(patient('1'), P),
      post(organization('1'), O),
      post(observation(P, { performer: [{ reference: O }] })),
      { method: 'GET', url: 'Observation?code=4548-4' },
    ]);
    expect(answer.statusCode, answer.body).toBe(200);
    expect(answer.json().type).toBe('transaction-response');
    expect(statuses(answer)).toEqual(['201', '201', '201', '200']);
    expect(story.consortium.transactions).toBe(1);
    const [patientAt = '', organizationAt = '', observationAt = ''] = locations(answer);
    const stored = await readAt(observationAt);
    expect(stored.subject.reference).toBe(patientAt.replace('/_history/1', ''));
    expect(stored.performer[0].reference).toBe(organizationAt.replace('/_history/1', ''));
    expect(answer.json().entry[3].resource.total).toBe(1);
    expect(answer.json().entry[0].response).toMatchObject({
      etag: 'W/"1"',
      lastModified: stored.meta.lastUpdated,
    });
  });

  it('resolves references in a circle', async () => {
    const encounter = {
      resourceType: 'Encounter',
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
      subject: { reference: P },
      diagnosis: [{ condition: { reference: C } }],
    };
    const condition = {
      resourceType: 'Condition',
      subject: { reference: P },
      encounter: { reference: E },
      code: { text: 'x' },
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' }] },
    };
    const answer = await send('transaction', [post(encounter, E), post(condition, C), post(patient('1'), P)]);
    expect(statuses(answer)).toEqual(['201', '201', '201']);
    const [encounterAt = '', conditionAt = ''] = locations(answer);
    expect((await readAt(encounterAt)).diagnosis[0].condition.reference).toBe(
      conditionAt.replace('/_history/1', ''),
    );
    expect((await readAt(conditionAt)).encounter.reference).toBe(encounterAt.replace('/_history/1', ''));
  });

  it('labels what refers to a restricted encounter of the same bundle', async () => {
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' }];
    const encounter = {
      resourceType: 'Encounter',
      status: 'finished',
      class: { code: 'AMB' },
      subject: { reference: P },
      meta: { security },
    };
    const answer = await send('transaction', [
      post(observation(P, { encounter: { reference: E } })),
      post(patient('1'), P),
      post(encounter, E),
    ]);
    const [observationAt = ''] = locations(answer);
    const codes = (await readAt(observationAt)).meta.security.map(({ code }: { code: string }) => code);
    expect(codes).toEqual(['R', 'PSY']);
  });

  it('is nothing when one entry fails, and says which', async () => {
    const answer = await send('transaction', [
      post(patient('1'), P),
      post(observation(P, { status: 'unheard-of' })),
    ]);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().issue[0].expression).toEqual(['Bundle.entry[1].resource.status']);
    expect(story.consortium.transactions).toBe(0);
  });

  it('is nothing when the ledger refuses it', async () => {
    story.consortium.failNextWrite = new ExchangeError('UNAVAILABLE', 'Ordering is stopped');
    expect((await send('transaction', [post(patient('1'))])).statusCode).toBe(503);
    expect((await call(story.north, { url: '/fhir/Patient', token: story.northDoctor })).json().total).toBe(
      0,
    );
  });

  it('updates and deletes with what it creates, in FHIR order', async () => {
    const kept = await createdAt(story.north, story.northDoctor, patient('1'));
    const lab = await createdAt(story.north, story.northDoctor, observation(kept));
    const answer = await send('transaction', [
      { method: 'GET', url: `Observation/${lab}` },
      {
        method: 'PUT',
        url: `Patient/${kept}`,
        resource: { ...patient('1', 'Later'), id: kept },
        ifMatch: 'W/"1"',
      },
      post(observation(kept)),
      { method: 'DELETE', url: `Observation/${lab}` },
    ]);
    expect(statuses(answer)).toEqual(['410', '200', '201', '204']);
    expect((await readAt(`Patient/${kept}`)).name[0].family).toBe('Later');
  });

  it.each<readonly [string, () => Promise<readonly TestEntry[]>, number, string]>([
    [
      'a fullUrl twice',
      async () => [post(patient('1'), P), post(patient('2'), P)],
      400,
      'Bundle.entry[1].fullUrl',
    ],
    ['a urn that names no entry', async () => [post(observation(P))], 400, 'Bundle.entry[0].resource'],
    [
      'an entry without request',
      async () => [{ ...post(patient('1')), method: undefined as unknown as string }],
      400,
      'Bundle.entry[0].request.method',
    ],
    [
      'another type than the URL says',
      async () => [{ ...post(patient('1')), url: 'Group' }],
      400,
      'Bundle.entry[0].resource',
    ],
    [
      'a URL elsewhere',
      async () => [{ ...post(patient('1')), url: 'http://elsewhere.test/fhir/Patient' }],
      400,
      'Bundle.entry[0].request.url',
    ],
    [
      'an operation',
      async () => [{ method: 'POST', url: 'Patient/$match', resource: patient('1') }],
      422,
      'Bundle.entry[0].request.url',
    ],
    [
      'a PUT of what is not there',
      async () => [{ method: 'PUT', url: 'Patient/x', resource: { ...patient('1'), id: 'x' } }],
      404,
      'Bundle.entry[0]',
    ],
    [
      'two writes of one resource',
      async () => {
        const id = await createdAt(story.north, story.northDoctor, patient('1'));
        return [
          { method: 'PUT', url: `Patient/${id}`, resource: { ...patient('1'), id } },
          { method: 'DELETE', url: `Patient/${id}` },
        ];
      },
      400,
      'Bundle.entry[0]',
    ],
    [
      'an If-Match of another version',
      async () => {
        const id = await createdAt(story.north, story.northDoctor, patient('1'));
        return [{ method: 'PUT', url: `Patient/${id}`, resource: { ...patient('1'), id }, ifMatch: 'W/"7"' }];
      },
      412,
      'Bundle.entry[0]',
    ],
  ])('refuses %s', async (_name, entries, status, expression) => {
    const list = await entries();
    const before = story.consortium.transactions;
    const answer = await send('transaction', list);
    expect(answer.statusCode, answer.body).toBe(status);
    expect(answer.json().issue[0].expression).toEqual([expression]);
    expect(story.consortium.transactions).toBe(before);
  });

  it('resolves absolute references to its own entries', async () => {
    const answer = await send('transaction', [
      post(patient('1'), 'http://elsewhere.test/fhir/Patient/77'),
      { ...post(observation('77'), 'http://elsewhere.test/fhir/Observation/1') },
    ]);
    const [patientAt = '', observationAt = ''] = locations(answer);
    expect((await readAt(observationAt)).subject.reference).toBe(patientAt.replace('/_history/1', ''));
  });

  it('returns resources on request', async () => {
    const minimal = await send('transaction', [post(patient('1'))]);
    expect(minimal.json().entry[0].resource).toBeUndefined();
    const full = await send('transaction', [post(patient('2'))], { prefer: 'return=representation' });
    expect(full.json().entry[0].resource.identifier[0].value).toBe('2');
    const outcome = await send('transaction', [post(patient('3'))], { prefer: 'return=OperationOutcome' });
    expect(outcome.json().entry[0].response.outcome.resourceType).toBe('OperationOutcome');
  });

  it('keeps numbers as they were written', async () => {
    const body = JSON.stringify(
      bundleOf('transaction', [post(patient('1'), P), post(observation(P, { valueQuantity: { value: 0 } }))]),
    );
    const answer = await call(story.north, {
      method: 'POST',
      url: '/fhir',
      token: story.northDoctor,
      body: body.replace('"value":0', '"value":7.10'),
      headers: { prefer: 'return=representation' },
    });
    expect(answer.body).toContain('"value":7.10');
  });
});

describe('conditional references', () => {
  const referring = (query: string) =>
    post({ ...patient('1'), generalPractitioner: [{ reference: `Practitioner?${query}` }] });

  it('resolve to the one match', async () => {
    const id = await createdAt(story.south, story.southDoctor, practitioner('60'));
    const answer = await send('transaction', [referring('identifier=http://hl7.org/fhir/sid/us-npi|60')]);
    expect((await readAt(locations(answer)[0] ?? '')).generalPractitioner).toEqual([
      { reference: `Practitioner/${id}` },
    ]);
  });

  it('fail with none and with many', async () => {
    expect((await send('transaction', [referring('identifier=60')])).statusCode).toBe(412);
    await createdAt(story.north, story.northDoctor, practitioner('60'));
    await createdAt(story.north, story.northDoctor, practitioner('61'));
    const many = await send('transaction', [referring('family=Doctor')]);
    expect([many.statusCode, many.json().issue[0].code]).toEqual([412, 'multiple-matches']);
    expect((await send('transaction', [referring('colour=red')])).statusCode).toBe(400);
  });
});

describe('entries that exist already', () => {
  it('resolve to the first copy of a directory entry, of the channel or of the bundle', async () => {
    const id = await createdAt(story.south, story.southDoctor, organization('1'));
    const twin = 'urn:uuid:55555555-5555-4555-8555-555555555555';
    const answer = await send('transaction', [
      post(organization('1'), O),
      post(organization('2'), E),
      post(organization('2'), twin),
      post({ ...patient('1'), managingOrganization: { reference: O } }, P),
      post({ ...patient('2'), managingOrganization: { reference: twin } }),
    ]);
    expect(statuses(answer)).toEqual(['200', '201', '200', '201', '201']);
    const [first = '', second, third, one = '', two = ''] = locations(answer);
    expect(first).toBe(`Organization/${id}/_history/1`);
    expect(third).toBe(second);
    expect((await readAt(one)).managingOrganization.reference).toBe(`Organization/${id}`);
    expect((await readAt(two)).managingOrganization.reference).toBe(
      String(second).replace('/_history/1', ''),
    );
  });

  it('write nothing when all of them exist', async () => {
    await send('transaction', [post(organization('1'))]);
    const again = await send('transaction', [post(organization('1'))]);
    expect(statuses(again)).toEqual(['200']);
    expect(story.consortium.transactions).toBe(1);
  });

  it('are found by ifNoneExist, and created when the match is deleted with them', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    const once = { ...post(patient('1')), ifNoneExist: 'identifier=urn:test:mrn|1' };
    expect(locations(await send('transaction', [once]))).toEqual([`Patient/${id}/_history/1`]);
    const replaced = await send('transaction', [once, { method: 'DELETE', url: `Patient/${id}` }]);
    expect(statuses(replaced)).toEqual(['201', '204']);
  });
});

describe('a batch', () => {
  it('lets every entry stand alone', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    const answer = await send('batch', [
      post(observation(id)),
      post(observation(id, { status: 'unheard-of' })),
      { method: 'GET', url: `Patient/${id}` },
      { method: 'GET', url: 'Patient/nobody' },
      { method: 'GET', url: 'Nothing/1' },
      { method: 'DELETE', url: `Patient/${id}/_history/1` },
      { method: 'POST', url: '', resource: bundleOf('batch', []) },
    ]);
    expect(answer.statusCode).toBe(200);
    expect(statuses(answer)).toEqual(['201', '400', '200', '404', '404', '404', '400']);
    expect(answer.json().entry[1].response.outcome.issue[0].expression).toEqual(['Observation.status']);
    expect(answer.json().entry[2].resource.id).toBe(id);
    expect(answer.json().entry[0].resource).toBeUndefined();
  });

  it('takes conditions of its entries', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    const answer = await send('batch', [
      { ...post(patient('1')), ifNoneExist: 'identifier=urn:test:mrn|1' },
      { method: 'PUT', url: `Patient/${id}`, resource: { ...patient('1'), id }, ifMatch: 'W/"4"' },
    ]);
    expect(statuses(answer)).toEqual(['200', '412']);
  });

  it('may be empty', async () => {
    const answer = await send('batch', []);
    expect([answer.statusCode, answer.json().entry]).toEqual([200, undefined]);
    expect((await send('transaction', [])).statusCode).toBe(200);
  });
});
