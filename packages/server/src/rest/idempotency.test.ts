import { beforeEach, describe, expect, it } from 'vitest';
import { ExchangeError } from '../exchange/error.ts';
import { call } from './testing/harness.ts';
import { bundleOf, observation, organization, patient, post } from './testing/resources.ts';
import { createdAt, type Story, tellStory } from './testing/story.ts';

const KEY = '8e03978e-40d5-43e8-bc93-6894a57f9324';

let story: Story;
let patientId: string;

beforeEach(async () => {
  story = await tellStory();
  patientId = await createdAt(story.north, story.northDoctor, patient('1'));
});

interface Sent {
  readonly method?: 'POST' | 'PUT' | 'DELETE';
  readonly url?: string;
  readonly body?: unknown;
  readonly key?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const send = ({ method = 'POST', url = 'Observation', body, key = KEY, token, headers = {} }: Sent) =>
  call(story.north, {
    method,
    url: `/fhir${url === '' ? '' : `/${url}`}`,
    token: token ?? story.northDoctor,
    headers: { 'idempotency-key': key, ...headers },
    ...(method === 'DELETE' ? {} : { body: body ?? observation(patientId) }),
  });
const written = (): number => story.consortium.transactions;

describe('a create under a key', () => {
  it('is done once and answered twice, header for header and byte for byte', async () => {
    const first = await send({});
    const before = written();
    const second = await send({});
    expect(first.statusCode, first.body).toBe(201);
    expect(second.statusCode).toBe(201);
    expect(second.body).toBe(first.body);
    expect([first, second].map(({ headers }) => headers['idempotent-replayed'])).toEqual([undefined, 'true']);
    for (const header of ['location', 'etag', 'last-modified', 'content-location'])
      expect(second.headers[header]).toBe(first.headers[header]);
    expect(written()).toBe(before);
  });

  it('takes the key as a string of RFC 8941 too', async () => {
    const first = await send({ key: `"${KEY}"` });
    expect((await send({})).body).toBe(first.body);
  });

  it('is refused with another body, and nothing is written', async () => {
    await send({});
    const before = written();
    const other = await send({ body: observation(patientId, { status: 'preliminary' }) });
    expect(other.statusCode).toBe(422);
    expect(other.json().issue[0]).toMatchObject({
      code: 'business-rule',
      expression: ['http.Idempotency-Key'],
    });
    expect(written()).toBe(before);
  });

  it('is another request at another path, or of another caller', async () => {
    const first = await send({});
    const colleague = await story.north.token('doctor', 'TREAT', 'c');
    const theirs = await send({ token: colleague });
    expect(theirs.statusCode).toBe(201);
    expect(theirs.headers['location']).not.toBe(first.headers['location']);
    expect((await send({ url: '', body: bundleOf('transaction', []) })).statusCode).toBe(422);
  });

  it('may be mended and sent again when it was refused', async () => {
    expect((await send({ body: observation(patientId, { status: 'no status' }) })).statusCode).toBe(400);
    story.consortium.failNextWrite = new ExchangeError('UNAVAILABLE', 'No orderer');
    expect((await send({})).statusCode).toBe(503);
    expect((await send({})).statusCode).toBe(201);
  });

  it('waits for the first when both come at the same time', async () => {
    const before = written();
    const answers = await Promise.all([send({}), send({}), send({})]);
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(written()).toBe(before + 1);
  });

  it('conflicts as long as the outcome of the first is not known', async () => {
    story.consortium.answers.unsettled = true;
    await send({});
    const second = await send({});
    expect(second.statusCode).toBe(409);
    expect(second.headers['retry-after']).toBe('1');
  });

  it('does not show again what the caller may not read any more', async () => {
    await send({});
    story.consortium.policy = () => ({ permit: false, code: 'NOT_GRANTED' });
    const second = await send({});
    expect(second.statusCode).toBe(201);
    expect(second.body).toBe('');
  });

  it.each(['', ' ', 'with space', 'é', 'x'.repeat(256)])('is refused with %j for a key', async (key) => {
    expect((await send({ key })).statusCode).toBe(400);
  });
});

describe('other writes under a key', () => {
  it('an update is one version', async () => {
    const id = await createdAt(story.north, story.northDoctor, observation(patientId));
    const body = { ...observation(patientId, { status: 'amended' }), id };
    const sent = { method: 'PUT', url: `Observation/${id}`, body } as const;
    const first = await send(sent);
    expect(first.json().meta.versionId).toBe('2');
    expect((await send(sent)).body).toBe(first.body);
  });

  it('a delete is one tombstone', async () => {
    const id = await createdAt(story.north, story.northDoctor, observation(patientId));
    const before = written();
    for (let i = 0; i < 2; i++)
      expect((await send({ method: 'DELETE', url: `Observation/${id}` })).statusCode).toBe(204);
    expect(written()).toBe(before + 1);
  });

  it('a conditional create that found something is answered with it', async () => {
    const headers = { 'if-none-exist': 'identifier=urn:test:org|1' };
    const sent = { url: 'Organization', body: organization('1'), headers };
    await createdAt(story.north, story.northDoctor, organization('1'));
    const first = await send(sent);
    expect(first.statusCode).toBe(200);
    expect((await send(sent)).body).toBe(first.body);
  });

  it('where it cannot be kept, the key is refused', async () => {
    const reason = { resourceType: 'Parameters', parameter: [{ name: 'reason', valueCode: 'UNCONSCIOUS' }] };
    expect((await send({ url: `Patient/${patientId}/$break-glass`, body: reason })).statusCode).toBe(400);
  });
});

describe('a bundle under a key', () => {
  const entries = () => [
    post(patient('2'), 'urn:uuid:11111111-1111-4111-8111-111111111111'),
    post(observation('urn:uuid:11111111-1111-4111-8111-111111111111')),
    post(organization('2')),
    post(organization('2')),
    { method: 'GET', url: `Patient/${patientId}` },
  ];

  it('a transaction is answered entry by entry as before', async () => {
    const body = bundleOf('transaction', entries());
    const first = await send({ url: '', body });
    const before = written();
    const second = await send({ url: '', body });
    expect(first.statusCode, first.body).toBe(200);
    expect(second.body).toBe(first.body);
    expect(written()).toBe(before);
    expect((await send({ url: '', body: bundleOf('transaction', entries().slice(1, 3)) })).statusCode).toBe(
      422,
    );
  });

  it('a transaction that wrote nothing stays one, whatever came since', async () => {
    const id = await createdAt(story.north, story.northDoctor, organization('3'));
    const body = bundleOf('transaction', [post(organization('3'))]);
    const first = await send({ url: '', body });
    const token = story.northDoctor;
    await call(story.north, { method: 'DELETE', url: `/fhir/Organization/${id}`, token });
    const before = written();
    expect((await send({ url: '', body })).body).toBe(first.body);
    expect(written()).toBe(before);
  });

  it('a batch does each of its entries once, and goes on where it was interrupted', async () => {
    const body = bundleOf('batch', [
      post(observation(patientId)),
      post(organization('4')),
      post(patient('4')),
    ]);
    story.consortium.failNextWrite = new ExchangeError('UNAVAILABLE', 'No orderer');
    const first = await send({ url: '', body });
    const statuses = (answer: typeof first): string[] =>
      answer
        .json()
        .entry.map(({ response }: { response: { status: string } }) => response.status.slice(0, 3));
    expect(statuses(first).toSorted()).toEqual(['201', '201', '503']);
    const second = await send({ url: '', body });
    expect(statuses(second)).toEqual(['201', '201', '201']);
    const before = written();
    expect((await send({ url: '', body })).body).toBe(second.body);
    expect(written()).toBe(before);
    expect((await send({ url: '', body: bundleOf('batch', [post(patient('5'))]) })).statusCode).toBe(422);
  });
});
