import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ExchangeError } from '../exchange/error.ts';
import type { ExchangeErrorCode } from '../ports.ts';
import { Consortium } from './testing/consortium.ts';
import { type Call, call, serverOf, type TestServer } from './testing/harness.ts';
import { bundleOf, observation, patient, post } from './testing/resources.ts';

let consortium: Consortium;
let north: TestServer;
let token: string;

beforeAll(async () => {
  consortium = new Consortium();
  north = await serverOf(consortium, 'north', { maxBodyBytes: 20_000, maxBundleEntries: 3 });
  token = await north.token('doctor', 'TREAT');
});

beforeEach(() => {
  consortium.policy = () => ({ permit: true, code: 'BASE_POLICY' });
  consortium.mayWrite = () => true;
});

const json = { 'content-type': 'application/fhir+json' };

/** Status, issue code and, where it has one, the expression of every kind of failure. */
const FAILURES: readonly (readonly [string, Omit<Call, 'token'>, number, string, string?])[] = [
  [
    'malformed JSON',
    { method: 'POST', url: '/fhir/Patient', body: '{"resourceType":"Patient",' },
    400,
    'structure',
  ],
  ['a body that is no resource', { method: 'POST', url: '/fhir/Patient', body: '[]' }, 400, 'structure'],
  [
    'a member that stands twice',
    { method: 'POST', url: '/fhir/Patient', body: '{"resourceType":"Patient","id":"1","id":"2"}' },
    400,
    'structure',
  ],
  ['no body', { method: 'POST', url: '/fhir/Patient', headers: json }, 400, 'structure'],
  [
    'another type than the URL says',
    { method: 'POST', url: '/fhir/Patient', body: { resourceType: 'Group' } },
    400,
    'invalid',
    'resourceType',
  ],
  [
    'an unknown element',
    { method: 'POST', url: '/fhir/Patient', body: { resourceType: 'Patient', colour: 'red' } },
    400,
    'structure',
    'Patient.colour',
  ],
  [
    'a code outside a required binding',
    { method: 'POST', url: '/fhir/Patient', body: { resourceType: 'Patient', gender: 'x' } },
    400,
    'code-invalid',
    'Patient.gender',
  ],
  ['an unknown type', { url: '/fhir/Pation/1' }, 404, 'not-supported'],
  ['an unknown path', { url: '/fhir/Patient/1/2/3/4/5' }, 404, 'not-supported'],
  ['a path outside the base', { url: '/elsewhere' }, 404, 'not-supported'],
  ['an unknown operation', { method: 'POST', url: '/fhir/Patient/$explode', body: {} }, 404, 'not-supported'],
  ['PATCH', { method: 'PATCH', url: '/fhir/Patient/1', body: {} }, 405, 'not-supported'],
  ['PUT of a type', { method: 'PUT', url: '/fhir/Patient?identifier=1', body: {} }, 405, 'not-supported'],
  [
    'what is never stored',
    { method: 'POST', url: '/fhir/Parameters', body: { resourceType: 'Parameters' } },
    405,
    'not-supported',
  ],
  [
    'what can only be read',
    { method: 'POST', url: '/fhir/AuditEvent', body: { resourceType: 'AuditEvent' } },
    405,
    'not-supported',
  ],
  ['an id of another form', { url: '/fhir/Patient/a_b' }, 404, 'not-found'],
  ['what is not there', { url: '/fhir/Patient/6f1b1f0e-0b5c-4a5e-9d1c-1f2e3d4c5b6a' }, 404, 'not-found'],
  ['XML wanted', { url: '/fhir/Patient', headers: { accept: 'application/fhir+xml' } }, 406, 'not-supported'],
  ['XML wanted by _format', { url: '/fhir/Patient?_format=xml' }, 406, 'not-supported'],
  [
    'another FHIR version wanted',
    { url: '/fhir/Patient', headers: { accept: 'application/fhir+json; fhirVersion=3.0' } },
    406,
    'not-supported',
  ],
  [
    'XML sent',
    {
      method: 'POST',
      url: '/fhir/Patient',
      body: '<Patient/>',
      headers: { 'content-type': 'application/fhir+xml' },
    },
    415,
    'not-supported',
  ],
  [
    'another charset',
    {
      method: 'POST',
      url: '/fhir/Patient',
      body: {},
      headers: { 'content-type': 'application/json; charset=latin1' },
    },
    415,
    'not-supported',
  ],
  [
    'a form where there is none',
    {
      method: 'POST',
      url: '/fhir/Patient',
      body: 'a=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
    415,
    'not-supported',
  ],
  [
    'an oversized body',
    { method: 'POST', url: '/fhir/Patient', body: `{"resourceType":"Patient","id":"${'x'.repeat(20_000)}"}` },
    413,
    'too-long',
  ],
  [
    'too many entries',
    {
      method: 'POST',
      url: '/fhir',
      body: bundleOf(
        'batch',
        Array.from({ length: 4 }, () => post(patient('1'))),
      ),
    },
    413,
    'too-long',
    'Bundle.entry',
  ],
  ['an unknown search parameter', { url: '/fhir/Patient?colour=red' }, 400, 'value', 'colour'],
  ['an unreadable search value', { url: '/fhir/Patient?birthdate=yesterday' }, 400, 'value', 'birthdate'],
  ['an unknown parameter of a read', { url: '/fhir/Patient/1?colour=red' }, 400, 'value', 'colour'],
  ['a page size that is no number', { url: '/fhir/Patient/_history?_count=many' }, 400, 'value', '_count'],
  ['a date that is none', { url: '/fhir/Patient/_history?_since=soon' }, 400, 'value', '_since'],
  ['a cursor that was not given', { url: '/fhir/Patient?_cursor=AAAA' }, 400, 'value', '_cursor'],
  [
    'an If-Match that names no version',
    {
      method: 'PUT',
      url: '/fhir/Patient/1',
      body: { ...patient('1'), id: '1' },
      headers: { ...json, 'if-match': 'one' },
    },
    400,
    'value',
    'http.If-Match',
  ],
  [
    'a bundle of another type',
    { method: 'POST', url: '/fhir', body: { resourceType: 'Bundle', type: 'collection' } },
    400,
    'structure',
    'Bundle.type',
  ],
  ['no bundle at the base', { method: 'POST', url: '/fhir', body: patient('1') }, 400, 'structure'],
  [
    'an owner that nobody can resolve',
    {
      method: 'POST',
      url: '/fhir/Observation',
      body: { ...observation('x'), subject: { display: 'Somebody' } },
    },
    422,
    'business-rule',
    'Observation.subject',
  ],
  [
    'a person who does not exist',
    { method: 'POST', url: '/fhir/Observation', body: observation('6f1b1f0e-0b5c-4a5e-9d1c-1f2e3d4c5b6a') },
    403,
    'forbidden',
  ],
  [
    'a reason that is no code',
    { method: 'POST', url: '/fhir/Patient/1/$break-glass', body: { resourceType: 'Parameters' } },
    400,
    'invalid',
    "Parameters.parameter.where(name='reason')",
  ],
  [
    'a match without identifier',
    { method: 'POST', url: '/fhir/Patient/$match', body: { resourceType: 'Patient' } },
    400,
    'invalid',
    'Patient.identifier',
  ],
];

describe('every failure is an OperationOutcome', () => {
  it.each(FAILURES)('%s', async (_name, request, status, code, expression) => {
    const before = consortium.transactions;
    const answer = await call(north, { ...(request as Call), token });
    expect(answer.statusCode, answer.body).toBe(status);
    expect(answer.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
    expect(answer.json()).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code }],
    });
    expect(answer.json().issue[0].diagnostics).toBeTypeOf('string');
    if (expression !== undefined) expect(answer.json().issue[0].expression).toEqual([expression]);
    expect(consortium.transactions).toBe(before);
  });

  it('names the methods that a path has', async () => {
    const answer = await call(north, { method: 'PATCH', url: '/fhir/Patient/1', token, body: {} });
    expect(answer.headers['allow']).toBe('DELETE, GET, PUT');
  });

  it('ignores unknown parameters on request', async () => {
    const answer = await call(north, {
      url: '/fhir/Patient?colour=red',
      token,
      headers: { prefer: 'handling=lenient' },
    });
    expect(answer.statusCode).toBe(200);
    const outcome = answer.json().entry.at(-1);
    expect(outcome.search.mode).toBe('outcome');
    expect(outcome.resource.issue.at(-1)).toMatchObject({ severity: 'warning', expression: ['colour'] });
    expect(answer.json().link[0].url).toBe('http://north.test/fhir/Patient');
  });

  const EXCHANGE: readonly (readonly [ExchangeErrorCode, number, string])[] = [
    ['FORBIDDEN', 403, 'forbidden'],
    ['NOT_FOUND', 404, 'not-found'],
    ['CONFLICT', 409, 'conflict'],
    ['INVALID', 422, 'business-rule'],
    ['TOO_LARGE', 413, 'too-long'],
    ['LIMIT', 429, 'throttled'],
    ['UNAVAILABLE', 503, 'transient'],
    ['OUTCOME_UNKNOWN', 504, 'timeout'],
  ];
  it.each(EXCHANGE)('tells %s of ledger and custody', async (code, status, issue) => {
    consortium.failNextWrite = new ExchangeError(code, 'As the ledger says');
    const answer = await call(north, { method: 'POST', url: '/fhir/Patient', token, body: patient('1') });
    expect([answer.statusCode, answer.json().issue[0].code]).toEqual([status, issue]);
  });

  it('hides what a bug says, and logs it under the request id', async () => {
    consortium.policy = () => {
      throw new Error('secret detail');
    };
    const created = await call(north, { method: 'POST', url: '/fhir/Patient', token, body: patient('1') });
    const answer = await call(north, {
      url: new URL(String(created.headers['location'])).pathname,
      token,
    });
    expect([answer.statusCode, answer.json().issue[0].code]).toEqual([500, 'exception']);
    expect(answer.body).not.toContain('secret');
    const id = String(answer.headers['x-request-id']);
    expect(north.log.filter((line) => line.includes(id)).join()).toContain('secret detail');
  });
});

describe('tokens and purposes', () => {
  it('asks for a token', async () => {
    const answer = await call(north, { url: '/fhir/Patient' });
    expect([answer.statusCode, answer.json().issue[0].code]).toEqual([401, 'login']);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="HealthChain"');
  });

  it('refuses a token of another organisation before it looks at the body', async () => {
    const south = await serverOf(new Consortium(), 'south');
    const foreign = await south.token('doctor', 'TREAT');
    const answer = await call(north, { method: 'POST', url: '/fhir/Patient', token: foreign, body: '{' });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(answer.json().issue[0].diagnostics).toContain('another organisation');
  });

  it('refuses a user whom the consortium knows no longer', async () => {
    const ended = await north.token('doctor', 'TREAT', 'e');
    consortium.ended.add('e'.repeat(32));
    const answer = await call(north, { url: '/fhir/Organization', token: ended });
    expect([answer.statusCode, answer.json().issue[0].code]).toEqual([403, 'forbidden']);
  });

  it('refuses a forged token', async () => {
    const forged = `${token.slice(0, -10)}AAAAAAAAAA`;
    expect((await call(north, { url: '/fhir/Patient', token: forged })).statusCode).toBe(401);
  });

  it('opens the capability statement to everyone', async () => {
    expect((await call(north, { url: '/fhir/metadata' })).statusCode).toBe(200);
  });

  it('writes nothing in an emergency, and searches for one person only', async () => {
    const emergency = await north.token('doctor', 'ETREAT');
    const write = await call(north, {
      method: 'POST',
      url: '/fhir/Patient',
      token: emergency,
      body: patient('1'),
    });
    expect(write.statusCode).toBe(403);
    expect((await call(north, { url: '/fhir/Observation', token: emergency })).statusCode).toBe(403);
    expect((await call(north, { url: '/fhir/Observation?patient=x', token: emergency })).statusCode).toBe(
      200,
    );
  });

  it('keeps $match and $break-glass to their roles', async () => {
    const officer = await north.token('privacy-officer', 'HOPERAT');
    for (const url of ['/fhir/Patient/$match', '/fhir/Patient/x/$break-glass']) {
      expect((await call(north, { method: 'POST', url, token: officer, body: {} })).statusCode).toBe(403);
    }
  });
});

describe('limits', () => {
  it('are named when they are passed', async () => {
    const body = `{"resourceType":"Patient","id":"${'x'.repeat(20_000)}"}`;
    const large = await call(north, { method: 'POST', url: '/fhir/Patient', token, body });
    expect(large.json().issue[0].diagnostics).toBe('A body has at most 20000 bytes');
    const many = bundleOf(
      'transaction',
      Array.from({ length: 4 }, () => post(patient('1'))),
    );
    const answer = await call(north, { method: 'POST', url: '/fhir', token, body: many });
    expect(answer.json().issue[0].diagnostics).toBe('A bundle has at most 3 entries');
  });
});

describe('headers', () => {
  it('answers HEAD like GET, without the body', async () => {
    const answer = await call(north, { method: 'HEAD', url: '/fhir/metadata' });
    expect([answer.statusCode, answer.body]).toEqual([200, '']);
    expect(answer.headers['content-type']).toBe('application/fhir+json; charset=utf-8');
  });

  it('draws the request id, and repeats the client’s as the correlation id', async () => {
    const own = '11111111-1111-4111-8111-111111111111';
    const given = await call(north, { url: '/fhir/metadata', headers: { 'x-request-id': own } });
    expect(given.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(given.headers['x-request-id']).not.toBe(own);
    expect(given.headers['x-correlation-id']).toBe(own);
    const spaces = await call(north, {
      url: '/fhir/metadata',
      headers: { 'x-request-id': 'no spaces please' },
    });
    expect(spaces.headers).not.toHaveProperty('x-correlation-id');
  });

  it('sends security headers with every answer, failures included', async () => {
    for (const url of ['/fhir/metadata', '/fhir/Patient', '/nowhere']) {
      expect((await call(north, { url })).headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
    }
  });

  it('logs route templates, never values', async () => {
    await call(north, { url: '/fhir/Patient?family=Verysecretname', token });
    await call(north, { url: '/fhir/Patient/6f1b1f0e-0b5c-4a5e-9d1c-1f2e3d4c5b6a', token });
    const lines = north.log.join('');
    expect(lines).toContain('"route":"/fhir/:type/:id"');
    expect(lines).not.toContain('Verysecretname');
    expect(lines).not.toContain('6f1b1f0e');
    expect(lines).not.toContain(token);
  });
});
