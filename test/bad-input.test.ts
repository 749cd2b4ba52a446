import { mintToken } from '@healthchain/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BAD_REQUESTS, type Target } from './support/bad-requests/index.ts';
import { badTokens } from './support/bad-tokens.ts';
import { startConsortium, type StoryConsortium } from './support/consortium.ts';
import { create } from './support/http-situations.ts';
import { send, sendBytes, type Received, type Sent } from './support/http.ts';
import { keptBy } from './support/ledger-state.ts';
import { mutations } from './support/mutations.ts';
import { expectRefused } from './support/outcomes.ts';
import { drawMarker, patient, recordOf } from './support/resources.ts';
import { expire, revoke, suspend } from './support/standing.ts';
import { addUser, runningOf, type TestUser } from './support/users.ts';

let story: StoryConsortium;
let doctor: TestUser;
let north: number;
let target: Target;

beforeAll(async () => {
  story = await startConsortium();
  doctor = await addUser(story, 'north', 'doctor');
  north = runningOf(story, 'north').organisation.port;
  const client = await doctor.client();
  const { id } = await create(client, patient(drawMarker(), drawMarker()));
  const patientId = String(id);
  const record = await create(client, recordOf('Observation', patientId, drawMarker()));
  await create(client, recordOf('Observation', patientId, drawMarker()));
  const strangersNationalId = drawMarker();
  const atSouth = await (await addUser(story, 'south', 'doctor')).client();
  const stranger = await create(atSouth, patient(drawMarker(), strangersNationalId));
  const strangerId = String(stranger['id']);
  target = { patientId, recordId: String(record['id']), strangerId, strangersNationalId };
});

afterAll(() => story.close());

async function ask(user: TestUser, { headers, ...sent }: Sent): Promise<Received> {
  return send(north, { ...sent, headers: { authorization: `Bearer ${await user.token()}`, ...headers } });
}

function postOf(path: string, body: object): Sent {
  const headers = { 'content-type': 'application/fhir+json' };
  return { method: 'POST', path: `/fhir/${path}`, headers, body: JSON.stringify(body) };
}

/** Runs what must leave ledger and stores as they are. */
async function unchanged<T>(run: () => Promise<T>): Promise<T> {
  const before = await keptBy(story);
  const result = await run();
  expect(await keptBy(story)).toEqual(before);
  return result;
}

describe('a bad request', () => {
  it.each(BAD_REQUESTS.map((bad) => [bad.name, bad] as const))('%s', async (_name, bad) => {
    const answer = await unchanged(() => ask(doctor, bad.sent(target)));
    const { code, expression } = expectRefused(answer);
    const found = { status: answer.status, code, expression: expression?.[0] };
    const { status, code: wanted } = bad;
    expect(found, answer.text).toEqual({ status, code: wanted, expression: bad.expression });
  });

  it('whose bytes were altered anywhere is refused or taken, and never breaks the server', async () => {
    const body = JSON.stringify(recordOf('Observation', target.patientId, drawMarker()));
    for (const altered of mutations(body, 150)) {
      const answer = await ask(doctor, { ...postOf('Observation', {}), body: altered });
      expect(answer.status, `${altered}\n${answer.text}`).toSatisfy((s: number) => s === 201 || s < 500);
      if (answer.status >= 400) expectRefused(answer);
    }
  });
});

describe('a bad token', () => {
  const cases = badTokens(
    () => story,
    () => doctor,
  );
  it.each(cases.map((bad) => [bad.name, bad] as const))('%s', async (_name, bad) => {
    const authorization = await bad.authorization();
    const sent = postOf('Observation', recordOf('Observation', target.patientId, 'x'));
    const headers = { ...sent.headers, ...(authorization === undefined ? {} : { authorization }) };
    const answer = await unchanged(() => send(north, { ...sent, headers }));
    expect({ status: answer.status, code: expectRefused(answer).code }).toEqual({
      status: bad.status,
      code: bad.code,
    });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="HealthChain"/);
    if (authorization !== undefined) expect(answer.text).not.toContain(authorization.slice(-20));
  });

  it('is refused before its body is read', async () => {
    const sent = postOf('Observation', {});
    const answer = await send(north, { ...sent, body: '{"half' });
    expect(answer.status).toBe(401);
  });
});

describe('headers', () => {
  it('are not written by what a request says', async () => {
    const lines = ['GET /fhir/metadata HTTP/1.1', 'Host: a', 'Connection: close'];
    const injected = `X-Request-Id: a\u000bSet-Cookie: evil=1`;
    const answer = await sendBytes(north, [...lines, injected, '', ''].join('\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"resourceType":"OperationOutcome"');
    expect(answer.toLowerCase()).not.toContain('set-cookie');
  });

  it('that are too large are refused', async () => {
    const lines = ['GET /fhir/metadata HTTP/1.1', 'Host: a', `X-Long: ${'a'.repeat(70_000)}`];
    expect(await sendBytes(north, [...lines, '', ''].join('\r\n'))).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it.each(['a b', 'a;b', 'a%0d%0ab', 'x'.repeat(65), '<script>'])(
    'do not repeat the request id %s',
    async (id) => {
      const answer = await send(north, { path: '/fhir/metadata', headers: { 'x-request-id': id } });
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.headers).not.toHaveProperty('x-correlation-id');
    },
  );
});

describe('searches', () => {
  it('ignore what they do not know on request, and say so', async () => {
    const path = `/fhir/Observation?patient=${target.patientId}&colour=red`;
    const answer = await ask(doctor, { path, headers: { prefer: 'handling=lenient' } });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('The parameter colour was ignored');
  });

  it('take a cursor back as it was given, from whom, and for what', async () => {
    const path = `/fhir/Observation?patient=${target.patientId}`;
    const { text } = await ask(doctor, { path: `${path}&_count=1` });
    const { link } = JSON.parse(text) as { link: { relation: string; url: string }[] };
    const next = new URL(link.find(({ relation }) => relation === 'next')?.url ?? '');
    const cursor = next.searchParams.get('_cursor') ?? '';
    const other = await addUser(story, 'north', 'doctor');
    const spoilt = `${cursor.slice(0, -3)}${cursor.endsWith('AAA') ? 'BBB' : 'AAA'}`;
    expect((await ask(doctor, { path: `${path}&_cursor=${cursor}` })).status).toBe(200);
    for (const [user, asked] of [
      [doctor, `${path}&_cursor=${spoilt}`],
      [doctor, `/fhir/Observation?_cursor=${cursor}`],
      [doctor, `/fhir/Condition?patient=${target.patientId}&_cursor=${cursor}`],
      [doctor, `${path}&_cursor=${cursor.repeat(9_000 / cursor.length)}`],
      [other, `${path}&_cursor=${cursor}`],
    ] as const) {
      const answer = await ask(user, { path: asked });
      expect(answer.status).toBe(400);
      expect(expectRefused(answer)).toMatchObject({ code: 'value', expression: ['_cursor'] });
    }
  });
});

describe('whoever may not', () => {
  it('write demographics registers nobody, known or not', async () => {
    const technician = await addUser(story, 'north', 'lab-technician');
    for (const national of [drawMarker(), target.strangersNationalId]) {
      const sent = postOf('Patient', patient(drawMarker(), national));
      const answer = await unchanged(() => ask(technician, sent));
      expect(answer.status).toBe(403);
      expectRefused(answer);
    }
    const asked = await ask(doctor, postOf('Observation', recordOf('Observation', target.strangerId, 'x')));
    expect(asked.status).toBe(403);
  });

  it.each([
    ['whose certificate was revoked', revoke],
    ['whose certificate expired', expire],
    ['who was suspended', suspend],
  ] as const)('act any more, %s, neither reads nor writes', async (_what, end) => {
    const user = await addUser(story, 'north', 'doctor');
    const read = { path: `/fhir/Observation/${target.recordId}` };
    const written = recordOf('Observation', target.patientId, 'x');
    expect((await ask(user, read)).status).toBe(200);
    expect((await ask(user, postOf('Observation', written))).status).toBe(201);
    await end(story, user);
    const write = await unchanged(() => ask(user, postOf('Observation', written)));
    expect([write.status, expectRefused(write).code]).toEqual([403, 'forbidden']);
    for (const path of [read.path, '/fhir/Organization', '/fhir/Consent']) {
      const refused = await ask(user, { path });
      expect([refused.status, expectRefused(refused).code]).toEqual([403, 'forbidden']);
    }
    const registration = postOf('Patient', patient(drawMarker(), drawMarker()));
    expect((await unchanged(() => ask(user, registration))).status).toBe(403);
  });
});

it('mints no token that the server would refuse', async () => {
  const { organisation } = runningOf(story, 'north');
  const scope = { mspId: organisation.mspId, kind: organisation.kind, issuer: 'i', audience: 'a' };
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const request = { userId: doctor.userId, role: 'server', purpose: 'HOPERAT', seconds: 60 } as const;
  const minted = mintToken(scope, { privateKey, algorithm: 'ES256' }, request, new Date());
  await expect(minted).rejects.toMatchObject({ code: 'ROLE_NOT_ALLOWED' });
});
