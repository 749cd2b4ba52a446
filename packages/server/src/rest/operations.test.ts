import { beforeEach, describe, expect, it } from 'vitest';
import type { Face, FaceResource } from '../ports.ts';
import { call, serverOf } from './testing/harness.ts';
import { bundleOf, observation, patient, post } from './testing/resources.ts';
import { allPages, createdAt, grant, type Story, tellStory } from './testing/story.ts';

let story: Story;

beforeEach(async () => {
  story = await tellStory();
});

const northPost = async (url: string, body: unknown) =>
  call(story.north, { method: 'POST', url, token: story.northDoctor, body });

describe('metadata', () => {
  it('says what every type can do, from the tables', async () => {
    const statement = (await call(story.north, { url: '/fhir/metadata' })).json();
    expect(statement).toMatchObject({
      resourceType: 'CapabilityStatement',
      fhirVersion: '4.0.1',
      kind: 'instance',
      status: 'active',
    });
    const [{ resource, interaction }] = statement.rest;
    const of = (type: string) => resource.find((each: { type: string }) => each.type === type);
    expect(interaction.map(({ code }: { code: string }) => code)).toEqual([
      'transaction',
      'batch',
      'history-system',
    ]);
    expect(of('Observation').interaction).toContainEqual({ code: 'update' });
    expect(of('Observation').searchParam).toContainEqual(
      expect.objectContaining({ name: 'code', type: 'token' }),
    );
    expect(of('Patient').operation.map(({ name }: { name: string }) => name)).toEqual([
      'validate',
      'everything',
      'match',
      'break-glass',
      'access-log',
    ]);
    expect(of('Parameters')).toBeUndefined();
    expect(of('AuditEvent')).toBeUndefined();
  });

  it('is itself valid', async () => {
    const statement = (await call(story.north, { url: '/fhir/metadata' })).json();
    const issues = (await northPost('/fhir/CapabilityStatement/$validate', statement)).json().issue;
    expect(issues.filter(({ severity }: { severity: string }) => severity === 'error')).toEqual([]);
  });
});

describe('$validate', () => {
  it('answers 200 with what is wrong, and writes nothing', async () => {
    const bad = await northPost('/fhir/Patient/$validate', { resourceType: 'Patient', gender: 'x' });
    expect([bad.statusCode, bad.json().issue[0].expression]).toEqual([200, ['Patient.gender']]);
    const good = await northPost('/fhir/Patient/$validate', {
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource: patient('1') }],
    });
    expect(good.json().issue).toMatchObject([{ severity: 'information' }]);
    expect(story.consortium.transactions).toBe(0);
  });
});

describe('$match', () => {
  const parameters = (identifier: string) => ({
    resourceType: 'Parameters',
    parameter: [{ name: 'resource', resource: patient(identifier) }],
  });

  it('finds a person by an exact identifier, at whichever organisation, and shows what may be read', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1', 'Secret'));
    const here = (await northPost('/fhir/Patient/$match', parameters('1'))).json();
    expect(here.entry).toMatchObject([
      { resource: { id, name: [{ family: 'Secret' }] }, search: { mode: 'match', score: 1 } },
    ]);
    expect(story.consortium.statements.at(-1)).toMatchObject({ interaction: '$match', outcome: 'released' });
    grant(story, () => false);
    const there = await call(story.south, {
      method: 'POST',
      url: '/fhir/Patient/$match',
      token: story.southDoctor,
      body: parameters('1'),
    });
    expect(there.json().entry[0].resource).toMatchObject({ id, meta: { tag: [{ code: 'SUBSETTED' }] } });
    expect(there.body).not.toContain('Secret');
  });

  it('finds nothing by what is only similar', async () => {
    await createdAt(story.north, story.northDoctor, patient('1'));
    expect((await northPost('/fhir/Patient/$match', parameters('11'))).json().total).toBe(0);
  });
});

describe('$break-glass', () => {
  const reason = (code: string) => ({
    resourceType: 'Parameters',
    parameter: [{ name: 'reason', valueCode: code }],
  });

  it('opens an emergency and says until when', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    const answer = await call(story.south, {
      method: 'POST',
      url: `/fhir/Patient/${id}/$break-glass`,
      token: story.southDoctor,
      body: reason('UNCONSCIOUS'),
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json().parameter.map(({ name }: { name: string }) => name)).toEqual([
      'transaction',
      'until',
    ]);
  });

  it('needs a coded reason and a patient', async () => {
    expect((await northPost('/fhir/Patient/x/$break-glass', reason('CURIOSITY'))).statusCode).toBe(400);
    expect((await northPost('/fhir/Patient/x/$break-glass', reason('BTG'))).statusCode).toBe(404);
  });
});

describe('faces', () => {
  const shown = (id: string): FaceResource => ({
    resource: { resourceType: 'AuditEvent', id },
    versionId: '1',
    lastUpdated: '2026-03-01T10:00:00Z',
  });
  const entries = Array.from({ length: 5 }, (_, i) => shown(`e${i}`));
  const face: Face = {
    read: async (_context, id) => entries.find(({ resource }) => resource['id'] === id),
    search: async (_context, parameters) => (parameters.has('patient') ? entries : []),
  };

  it('are read and searched, page by page, and nothing else', async () => {
    story.consortium.faces['AuditEvent'] = face;
    const read = await call(story.north, { url: '/fhir/AuditEvent/e1', token: story.northDoctor });
    expect([read.statusCode, read.json().meta.versionId]).toEqual([200, '1']);
    expect(
      (await call(story.north, { url: '/fhir/AuditEvent/e9', token: story.northDoctor })).statusCode,
    ).toBe(404);
    const pages = await allPages(story.north, story.northDoctor, '/fhir/AuditEvent?patient=x&_count=2');
    expect(pages).toEqual([['e0', 'e1'], ['e2', 'e3'], ['e4']]);
    expect((await northPost('/fhir/AuditEvent', { resourceType: 'AuditEvent' })).statusCode).toBe(405);
    const put = await call(story.north, {
      method: 'PUT',
      url: '/fhir/AuditEvent/e1',
      token: story.northDoctor,
      body: { resourceType: 'AuditEvent', id: 'e1' },
    });
    expect(put.statusCode).toBe(405);
  });

  it('are written through what they stand for, alone or in a batch', async () => {
    const written: unknown[] = [];
    story.consortium.faces['Consent'] = {
      ...face,
      create: async (_context, resource) => {
        written.push(resource);
        return { resource: { ...resource, id: 'c1' }, versionId: '1', lastUpdated: '2026-03-01T10:00:00Z' };
      },
    };
    const consent = { resourceType: 'Consent', status: 'active' };
    const created = await northPost('/fhir/Consent', consent);
    expect([created.statusCode, created.headers['location']]).toEqual([
      201,
      'http://north.test/fhir/Consent/c1/_history/1',
    ]);
    expect(
      (await northPost('/fhir', bundleOf('batch', [post(consent)]))).json().entry[0].response.status,
    ).toBe('201 Created');
    expect((await northPost('/fhir', bundleOf('transaction', [post(consent)]))).statusCode).toBe(422);
    expect(written).toHaveLength(2);
  });
});

describe('records of no person, and terminology', () => {
  it('are for the own organisation; terminology for all its users', async () => {
    const valueSet = await createdAt(story.north, story.northDoctor, {
      resourceType: 'ValueSet',
      status: 'active',
    });
    story.consortium.policy = () => ({ permit: false, code: 'NO_IDENTIFIED_CONTENT' });
    const read = await call(story.north, { url: `/fhir/ValueSet/${valueSet}`, token: story.northDoctor });
    expect(read.statusCode).toBe(200);
    expect(
      (await call(story.north, { url: '/fhir/ValueSet?status=active', token: story.northDoctor })).json()
        .total,
    ).toBe(1);
    expect(
      (await call(story.south, { url: `/fhir/ValueSet/${valueSet}`, token: story.southDoctor })).statusCode,
    ).toBe(404);
  });

  it('a Group is about every person in it', async () => {
    const [one, two] = [
      await createdAt(story.north, story.northDoctor, patient('1')),
      await createdAt(story.north, story.northDoctor, patient('2')),
    ];
    const member = [one, two].map((id) => ({ entity: { reference: `Patient/${id}` } }));
    const id = await createdAt(story.north, story.northDoctor, {
      resourceType: 'Group',
      type: 'person',
      actual: true,
      member,
    });
    const expected = [story.consortium.personOf(one), story.consortium.personOf(two)].sort();
    expect(story.consortium.versionsOf(id)[0]?.persons).toEqual(expected);
    expect(
      (
        await call(story.north, { url: `/fhir/Observation?subject=Patient/${one}`, token: story.northDoctor })
      ).json().total,
    ).toBe(0);
    await createdAt(story.north, story.northDoctor, observation(one));
  });
});

describe('$access-log', () => {
  const url = (id: string) => `/fhir/Patient/${id}/$access-log`;

  it('hands the proofs about the own person to the patient, and to nobody else', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    const other = await createdAt(story.north, story.northDoctor, patient('2'));
    const authority = await serverOf(story.consortium, 'south', { kind: 'authority' });
    const token = await authority.token('patient', 'PATRQT', 'c');
    story.consortium.keys.set('c'.repeat(32), story.consortium.personOf(id));
    const answer = await call(authority, { url: url(id), token, headers: { accept: 'application/json' } });
    expect(answer.statusCode, answer.body).toBe(200);
    expect(answer.json()).toEqual({ format: 'test', person: story.consortium.personOf(id) });
    expect(answer.headers['content-type']).toContain('application/json');
    for (const stranger of [other, 'nobody'])
      expect((await call(authority, { url: url(stranger), token })).statusCode).toBe(404);
    const unbound = await authority.token('patient', 'PATRQT', 'd');
    expect((await call(authority, { url: url(id), token: unbound })).statusCode).toBe(404);
    expect((await call(story.north, { url: url(id), token: story.northDoctor })).statusCode).toBe(403);
  });
});
