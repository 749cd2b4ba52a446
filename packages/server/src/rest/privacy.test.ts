import { beforeEach, describe, expect, it } from 'vitest';
import { type Call, call } from './testing/harness.ts';
import { observation, patient } from './testing/resources.ts';
import { createdAt, grant, type Story, tellStory } from './testing/story.ts';

/** Who may not read gets one answer, whether there is something or not (custody.md section 4). */
const NOWHERE = '6f1b1f0e-0b5c-4a5e-9d1c-1f2e3d4c5b6a';

let story: Story;
let patientId: string;
let observationId: string;

beforeEach(async () => {
  story = await tellStory();
  patientId = await createdAt(story.north, story.northDoctor, patient('1'));
  observationId = await createdAt(story.north, story.northDoctor, observation(patientId));
});

const REQUESTS: readonly (readonly [
  string,
  (patientId: string, observationId: string) => Omit<Call, 'token'>,
])[] = [
  ['read', (_, id) => ({ url: `/fhir/Observation/${id}` })],
  ['vread', (_, id) => ({ url: `/fhir/Observation/${id}/_history/1` })],
  ['history', (_, id) => ({ url: `/fhir/Observation/${id}/_history` })],
  ['history since', (_, id) => ({ url: `/fhir/Observation/${id}/_history?_since=2020-01-01` })],
  [
    'update',
    (p, id) => ({ method: 'PUT', url: `/fhir/Observation/${id}`, body: { ...observation(p), id: '' } }),
  ],
  ['delete', (_, id) => ({ method: 'DELETE', url: `/fhir/Observation/${id}` })],
  ['$everything', (id) => ({ url: `/fhir/Patient/${id}/$everything` })],
  ['$everything of a type', (id) => ({ url: `/fhir/Patient/${id}/$everything?_type=Observation` })],
  ['search by patient', (id) => ({ url: `/fhir/Observation?patient=${id}` })],
  ['search by subject', (id) => ({ url: `/fhir/Observation?subject=Patient/${id}` })],
  ['search by _id', (id) => ({ url: `/fhir/Patient?_id=${id}` })],
  ['search by _id of a record', (_, id) => ({ url: `/fhir/Observation?_id=${id}` })],
  ['compartment', (id) => ({ url: `/fhir/Patient/${id}/Observation` })],
  ['create about', (id) => ({ method: 'POST', url: '/fhir/Observation', body: observation(id) })],
  [
    'read in a batch',
    (_, id) => ({
      method: 'POST',
      url: '/fhir',
      body: {
        resourceType: 'Bundle',
        type: 'batch',
        entry: [{ request: { method: 'GET', url: `Observation/${id}` } }],
      },
    }),
  ],
];

describe.each([
  ['at another organisation', 'south'],
  ['at the own one', 'north'],
] as const)('%s', (_where, name) => {
  it.each(REQUESTS)('%s does not tell what exists', async (_name, request) => {
    story.consortium.policy = () => ({ permit: false, code: 'NOT_GRANTED' });
    story.consortium.mayWrite = () => false;
    const token = name === 'north' ? story.northDoctor : story.southDoctor;
    const answerTo = async (about: Omit<Call, 'token'>, id: string) => {
      const body = about.method === 'PUT' ? { ...(about.body as object), id } : about.body;
      const answer = await call(story[name], {
        ...about,
        token,
        ...(body === undefined ? {} : { body }),
      });
      const { date: _date, 'x-request-id': _id, ...headers } = answer.headers;
      return { status: answer.statusCode, headers, body: answer.body };
    };
    const refused = await answerTo(request(patientId, observationId), observationId);
    const absent = await answerTo(request(NOWHERE, NOWHERE), NOWHERE);
    const text = JSON.stringify(refused).replaceAll(patientId, NOWHERE).replaceAll(observationId, NOWHERE);
    expect(JSON.parse(text)).toEqual(absent);
    expect(refused.body).not.toContain('4548-4');
  });
});

describe('time', () => {
  it('lets a refusal and an absence leave at the end of the same slot', async () => {
    const slot = 60;
    const { north, consortium, northDoctor } = story;
    Object.assign(north.context.limits, { refusalSlotMs: slot });
    consortium.policy = () => ({ permit: false, code: 'NOT_GRANTED' });
    const timeOf = async (id: string): Promise<number> => {
      const startedAt = performance.now();
      await call(north, { url: `/fhir/Observation/${id}`, token: northDoctor });
      return performance.now() - startedAt;
    };
    expect(await timeOf(NOWHERE)).toBeGreaterThanOrEqual(slot - 2);
    expect(await timeOf(observationId)).toBeGreaterThanOrEqual(slot - 2);
  });
});

describe('what a grant opens, everywhere alike', () => {
  let vital: string;
  let restricted: string;

  beforeEach(async () => {
    const category = [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' },
        ],
      },
    ];
    vital = await createdAt(story.north, story.northDoctor, observation(patientId, { category }));
    const security = [
      { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' },
      { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HIV' },
    ];
    restricted = await createdAt(
      story.north,
      story.northDoctor,
      observation(patientId, { meta: { security } }),
    );
    grant(story, ({ labels }) => labels.categories.includes('laboratory') && labels.confidentiality === 'N');
  });

  const south = async (url: string) => call(story.south, { url, token: story.southDoctor });

  it('by read, vread and history', async () => {
    for (const suffix of ['', '/_history/1', '/_history']) {
      expect((await south(`/fhir/Observation/${observationId}${suffix}`)).statusCode).toBe(200);
      expect((await south(`/fhir/Observation/${vital}${suffix}`)).statusCode).toBe(404);
      expect((await south(`/fhir/Observation/${restricted}${suffix}`)).statusCode).toBe(404);
      expect((await south(`/fhir/Patient/${patientId}${suffix}`)).statusCode).toBe(404);
    }
  });

  it('with the bytes and the entity tag of the author', async () => {
    const [here, there] = [
      await call(story.north, { url: `/fhir/Observation/${observationId}`, token: story.northDoctor }),
      await south(`/fhir/Observation/${observationId}`),
    ];
    expect(there.body).toBe(here.body);
    expect(there.headers['etag']).toBe(here.headers['etag']);
  });

  it('by search, totals, _include and _revinclude', async () => {
    const found = (await south(`/fhir/Observation?patient=${patientId}&_include=Observation:subject`)).json();
    expect(found.total).toBe(1);
    expect(found.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual([
      observationId,
    ]);
    const reversed = (await south(`/fhir/Patient?_id=${patientId}&_revinclude=Observation:subject`)).json();
    expect([reversed.total, reversed.entry]).toEqual([0, undefined]);
    const chained = (
      await south(`/fhir/Observation?patient=${patientId}&subject:Patient.family=Test`)
    ).json();
    expect(chained.total).toBe(0);
  });

  it('by a next page of $everything', async () => {
    const own = await createdAt(story.south, story.southDoctor, observation(patientId));
    const category = [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'survey' }] },
    ];
    await createdAt(story.north, story.northDoctor, observation(patientId, { category }));
    const linksOf = async (count: number): Promise<string[]> => {
      const page = (await south(`/fhir/Patient/${patientId}/$everything?_count=${count}`)).json();
      return page.link.map(({ relation }: { relation: string }) => relation);
    };
    expect(await linksOf(1)).toEqual(['self', 'next']);
    expect(await linksOf(2)).toEqual(['self']);
    const next = (await south(`/fhir/Patient/${patientId}/$everything?_count=1`)).json().link[1].url;
    const rest = (await south(next)).json();
    expect(rest.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual([own]);
    expect(rest.link.map(({ relation }: { relation: string }) => relation)).toEqual(['self']);
  });

  it('by $everything, compartment and batch', async () => {
    const everything = (await south(`/fhir/Patient/${patientId}/$everything`)).json();
    expect(everything.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual([
      observationId,
    ]);
    expect((await south(`/fhir/Patient/${patientId}/Observation`)).json().total).toBe(1);
    const entry = [vital, observationId, restricted].map((id) => ({
      request: { method: 'GET', url: `Observation/${id}` },
    }));
    const batch = await call(story.south, {
      method: 'POST',
      url: '/fhir',
      token: story.southDoctor,
      body: { resourceType: 'Bundle', type: 'batch', entry },
    });
    expect(
      batch.json().entry.map(({ response }: { response: { status: string } }) => response.status),
    ).toEqual(['404 Not Found', '200 OK', '404 Not Found']);
    expect(batch.body).not.toContain('"HIV"');
  });

  it('and keeps nothing of it', async () => {
    await south(`/fhir/Observation?patient=${patientId}`);
    expect(story.south.context.store.versions('Observation', observationId)).toEqual([]);
    expect(story.south.context.store.ofPerson(story.consortium.personOf(patientId))).toEqual([]);
  });

  it('and the answer carries its highest label', async () => {
    story.consortium.policy = () => ({ permit: true, code: 'GRANT' });
    const found = (await south(`/fhir/Observation?patient=${patientId}`)).json();
    expect(found.meta.security.map(({ code }: { code: string }) => code)).toEqual(['R', 'HIV']);
  });

  it('and history is judged by the strictest labels of any version', async () => {
    const security = [
      { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' },
      { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' },
    ];
    const body = { ...observation(patientId), id: observationId, meta: { security } };
    await call(story.north, {
      method: 'PUT',
      url: `/fhir/Observation/${observationId}`,
      token: story.northDoctor,
      body,
    });
    story.consortium.policy = (_caller, item) => ({ permit: item.labels.confidentiality === 'N', code: 'X' });
    const first = await call(story.north, {
      url: `/fhir/Observation/${observationId}/_history/1`,
      token: story.northDoctor,
    });
    expect(first.statusCode).toBe(404);
  });
});
