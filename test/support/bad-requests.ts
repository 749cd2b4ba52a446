import { recordOf, patient, transactionOf, type Body } from './resources.ts';
import type { Sent } from './http.ts';

/** A patient of North and a record, about which the requests are. */
export interface Target {
  readonly patientId: string;
  readonly recordId: string;
  /** A patient of South about whom the caller may do nothing. */
  readonly strangerId: string;
  readonly strangersNationalId: string;
}

export interface BadRequest {
  readonly name: string;
  readonly sent: (target: Target) => Sent;
  readonly status: number;
  /** FHIR issue-type. */
  readonly code: string;
  /** Where the fault is, as the OperationOutcome says it. */
  readonly expression?: string;
}

const NOWHERE = '6f1b1f0e-0b5c-4a5e-9d1c-1f2e3d4c5b6a';
const FHIR = { 'content-type': 'application/fhir+json' } as const;

const post = (
  path: string,
  body: string | Uint8Array | Body,
  headers: Readonly<Record<string, string>> = {},
): Sent => ({
  method: 'POST',
  path: `/fhir${path}`,
  headers: { ...FHIR, ...headers },
  body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
});
const put = (path: string, body: object, headers: Readonly<Record<string, string>> = {}): Sent => ({
  ...post(path, JSON.stringify(body), headers),
  method: 'PUT',
});
const get = (path: string, headers: Readonly<Record<string, string>> = {}): Sent => ({
  path: `/fhir${path}`,
  headers,
});

const observation = ({ patientId }: Target, more: object = {}): Body => ({
  ...recordOf('Observation', patientId, 'a note'),
  ...more,
});
/** The text of a valid observation with one piece of it replaced. */
const spoilt = (target: Target, piece: string, by: string): Sent =>
  post('/Observation', JSON.stringify(observation(target)).replace(piece, by));

const invalid = (name: string, more: object, expression: string, code = 'invalid'): BadRequest => ({
  name,
  sent: (target) => post('/Observation', observation(target, more)),
  status: 400,
  code,
  expression,
});

const BODIES: readonly BadRequest[] = [
  { name: 'no body', sent: () => post('/Observation', ''), status: 400, code: 'structure' },
  { name: 'malformed JSON', sent: (t) => spoilt(t, '"final",', '"final"'), status: 400, code: 'structure' },
  {
    name: 'JSON that ends too early',
    sent: (t) => spoilt(t, /.{20}$/.exec(JSON.stringify(observation(t)))?.[0] ?? '', ''),
    status: 400,
    code: 'structure',
  },
  {
    name: 'JSON with more behind it',
    sent: (t) => post('/Observation', `${JSON.stringify(observation(t))}{}`),
    status: 400,
    code: 'structure',
  },
  {
    name: 'an array',
    sent: (t) => post('/Observation', JSON.stringify([observation(t)])),
    status: 400,
    code: 'structure',
  },
  {
    name: 'bytes that are no UTF-8',
    sent: (t) =>
      post(
        '/Observation',
        Buffer.from(JSON.stringify(observation(t)).replace('a note', 'caf\u00e9'), 'latin1'),
      ),
    status: 400,
    code: 'structure',
  },
  {
    name: 'a member twice',
    sent: (t) => spoilt(t, '"status":"final"', '"status":"final","status":"amended"'),
    status: 400,
    code: 'structure',
    expression: 'status',
  },
  {
    name: 'a member twice, once in escapes',
    sent: (t) => spoilt(t, '"status":"final"', '"status":"final","st\\u0061tus":"amended"'),
    status: 400,
    code: 'structure',
    expression: 'status',
  },
  {
    name: 'nesting without end',
    sent: () => post('/Observation', `{"resourceType":"Observation","x":${'['.repeat(100_000)}`),
    status: 400,
    code: 'structure',
  },
  {
    name: 'half a character',
    sent: (t) => spoilt(t, 'a note', 'a \\ud800 note'),
    status: 400,
    code: 'structure',
    expression: 'note.text',
  },
  {
    name: 'NUL in a text',
    sent: (t) => spoilt(t, 'a note', 'a \\u0000 note'),
    status: 400,
    code: 'structure',
    expression: 'note.text',
  },
  {
    name: 'a prototype as a member',
    sent: (t) => spoilt(t, '"status":', '"__proto__":{"polluted":true},"status":'),
    status: 400,
    code: 'structure',
    expression: 'Observation',
  },
  {
    name: 'a media type that is not FHIR JSON',
    sent: (t) => post('/Observation', observation(t), { 'content-type': 'text/plain' }),
    status: 415,
    code: 'not-supported',
  },
  {
    name: 'XML',
    sent: () =>
      post('/Observation', '<Observation xmlns="http://hl7.org/fhir"/>', {
        'content-type': 'application/fhir+xml',
      }),
    status: 415,
    code: 'not-supported',
  },
  {
    name: 'another charset',
    sent: (t) =>
      post('/Observation', observation(t), { 'content-type': 'application/fhir+json; charset=utf-16' }),
    status: 415,
    code: 'not-supported',
  },
  {
    name: 'a form where a resource is wanted',
    sent: () => post('/Observation', 'status=final', { 'content-type': 'application/x-www-form-urlencoded' }),
    status: 415,
    code: 'not-supported',
  },
  {
    name: 'a body larger than the limit',
    sent: () => post('/Observation', new Uint8Array(20 * 1024 * 1024 + 1).fill(32)),
    status: 413,
    code: 'too-long',
  },
];

const RESOURCES: readonly BadRequest[] = [
  invalid('a required element missing', { status: undefined }, 'Observation.status', 'structure'),
  invalid(
    'a code outside its required value set',
    { status: 'finished' },
    'Observation.status',
    'code-invalid',
  ),
  invalid('an element that FHIR does not have', { colour: 'red' }, 'Observation.colour', 'structure'),
  invalid('an element of the wrong type', { status: ['final'] }, 'Observation.status', 'structure'),
  invalid('an empty list', { note: [] }, 'Observation.note', 'structure'),
  invalid('a date that is none', { effectiveDateTime: '2026-02-30' }, 'Observation.effective', 'value'),
  invalid('two values of a choice', { valueString: 'x' }, 'Observation.value', 'structure'),
  invalid(
    'a reference to a type that cannot be there',
    { encounter: { reference: 'Patient/1' } },
    'Observation.encounter',
    'value',
  ),
  invalid('a broken invariant', { dataAbsentReason: { text: 'unknown' } }, 'Observation', 'invariant'),
  {
    name: 'another type than the URL says',
    sent: (t) => post('/Condition', observation(t)),
    status: 400,
    code: 'invalid',
    expression: 'resourceType',
  },
  {
    name: 'an unknown type in the URL',
    sent: (t) => post('/Unicorn', observation(t)),
    status: 404,
    code: 'not-supported',
  },
  {
    name: 'an unknown type in the body',
    sent: (t) => post('/Observation', { ...observation(t), resourceType: 'Unicorn' }),
    status: 400,
    code: 'invalid',
    expression: 'resourceType',
  },
  {
    name: 'a type that is never stored',
    sent: () => post('/Parameters', { resourceType: 'Parameters' }),
    status: 405,
    code: 'not-supported',
  },
  {
    name: 'a face that cannot be written',
    sent: () => post('/AuditEvent', { resourceType: 'AuditEvent' }),
    status: 405,
    code: 'not-supported',
  },
  {
    name: 'a restriction that names no sensitivity',
    sent: (t) =>
      post(
        '/Observation',
        observation(t, {
          meta: {
            security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }],
          },
        }),
      ),
    status: 422,
    code: 'business-rule',
    expression: 'meta.security',
  },
  {
    name: 'an owner who is nobody’s reference',
    sent: (t) => post('/Observation', observation(t, { subject: { display: 'Somebody' } })),
    status: 422,
    code: 'business-rule',
    expression: 'Observation.subject',
  },
  {
    name: 'a person who does not exist',
    sent: () => post('/Observation', recordOf('Observation', NOWHERE, 'x')),
    status: 403,
    code: 'forbidden',
  },
  {
    name: 'a person of others',
    sent: ({ strangerId }) => post('/Observation', recordOf('Observation', strangerId, 'x')),
    status: 403,
    code: 'forbidden',
  },
];

const VERSIONS: readonly BadRequest[] = [
  {
    name: 'If-Match of another version',
    sent: (t) =>
      put(`/Observation/${t.recordId}`, observation(t, { id: t.recordId }), { 'if-match': 'W/"7"' }),
    status: 412,
    code: 'conflict',
  },
  {
    name: 'If-Match that names no version',
    sent: (t) => put(`/Observation/${t.recordId}`, observation(t, { id: t.recordId }), { 'if-match': '*' }),
    status: 400,
    code: 'value',
    expression: 'http.If-Match',
  },
  {
    name: 'a deletion of another version',
    sent: (t) => ({
      method: 'DELETE',
      path: `/fhir/Observation/${t.recordId}`,
      headers: { 'if-match': 'W/"9"' },
    }),
    status: 412,
    code: 'conflict',
  },
  {
    name: 'an update of what does not exist',
    sent: (t) => put(`/Observation/${NOWHERE}`, observation(t, { id: NOWHERE })),
    status: 404,
    code: 'not-found',
  },
  {
    name: 'an id in the body that is not the URL’s',
    sent: (t) => put(`/Observation/${t.recordId}`, observation(t, { id: NOWHERE })),
    status: 400,
    code: 'invalid',
    expression: 'Observation.id',
  },
  {
    name: 'an update without an id in the body',
    sent: (t) => put(`/Observation/${t.recordId}`, observation(t)),
    status: 400,
    code: 'invalid',
    expression: 'Observation.id',
  },
  {
    name: 'a version about another person',
    sent: (t) =>
      put(`/Observation/${t.recordId}`, { ...recordOf('Observation', t.strangerId, 'x'), id: t.recordId }),
    status: 422,
    code: 'business-rule',
  },
  {
    name: 'a method that the path does not have',
    sent: (t) => ({ method: 'PATCH', path: `/fhir/Observation/${t.recordId}`, headers: FHIR, body: '[]' }),
    status: 405,
    code: 'not-supported',
  },
  {
    name: 'If-None-Exist that finds several',
    sent: (t) => post('/Observation', observation(t), { 'if-none-exist': 'code=2823-3' }),
    status: 412,
    code: 'multiple-matches',
    expression: 'If-None-Exist',
  },
  {
    name: 'If-None-Exist that cannot be read',
    sent: (t) => post('/Observation', observation(t), { 'if-none-exist': 'colour=red' }),
    status: 400,
    code: 'value',
    expression: 'If-None-Exist',
  },
];

const entries = (type: string, entry: readonly unknown[]): Body => ({ resourceType: 'Bundle', type, entry });
const entry = (resource: object, request: object): object => ({ resource, request });

const BUNDLES: readonly BadRequest[] = [
  { name: 'no bundle at the base', sent: (t) => post('', observation(t)), status: 400, code: 'structure' },
  {
    name: 'a bundle of another type',
    sent: () => post('', entries('collection', [])),
    status: 400,
    code: 'structure',
    expression: 'Bundle.type',
  },
  {
    name: 'a bundle of too many entries',
    sent: () =>
      post(
        '',
        entries(
          'transaction',
          Array.from({ length: 5_001 }, () => ({})),
        ),
      ),
    status: 413,
    code: 'too-long',
    expression: 'Bundle.entry',
  },
  {
    name: 'a bundle of too many bytes',
    sent: (t) => post('', JSON.stringify(transactionOf(observation(t))) + ' '.repeat(20 * 1024 * 1024)),
    status: 413,
    code: 'too-long',
  },
  {
    name: 'an entry without a request',
    sent: (t) => post('', entries('transaction', [{ resource: observation(t) }])),
    status: 400,
    code: 'structure',
    expression: 'Bundle.entry[0].request',
  },
  {
    name: 'a transaction with one invalid entry',
    sent: (t) => post('', transactionOf(observation(t), { ...observation(t), status: 'finished' })),
    status: 400,
    code: 'code-invalid',
    expression: 'Bundle.entry[1].resource.status',
  },
  {
    name: 'a transaction with one entry about a person of others',
    sent: (t) => post('', transactionOf(observation(t), recordOf('Observation', t.strangerId, 'x'))),
    status: 403,
    code: 'forbidden',
  },
  {
    name: 'a transaction with one entry of an unknown type',
    sent: (t) =>
      post(
        '',
        entries('transaction', [
          entry(observation(t), { method: 'POST', url: 'Observation' }),
          { request: { method: 'GET', url: 'Unicorn/1' } },
        ]),
      ),
    status: 404,
    code: 'not-supported',
    expression: 'Bundle.entry[1].request.url',
  },
  {
    name: 'a transaction with one outdated version',
    sent: (t) =>
      post(
        '',
        entries('transaction', [
          entry(observation(t), { method: 'POST', url: 'Observation' }),
          entry(observation(t, { id: t.recordId }), {
            method: 'PUT',
            url: `Observation/${t.recordId}`,
            ifMatch: 'W/"7"',
          }),
        ]),
      ),
    status: 412,
    code: 'conflict',
    expression: 'Bundle.entry[1]',
  },
  {
    name: 'a transaction that writes one resource twice',
    sent: (t) =>
      post(
        '',
        entries(
          'transaction',
          [0, 1].map(() =>
            entry(observation(t, { id: t.recordId }), { method: 'PUT', url: `Observation/${t.recordId}` }),
          ),
        ),
      ),
    status: 400,
    code: 'structure',
    expression: 'Bundle.entry[1]',
  },
  {
    name: 'a transaction whose reference names no entry',
    sent: (t) => post('', transactionOf(observation(t, { encounter: { reference: `urn:uuid:${NOWHERE}` } }))),
    status: 400,
    code: 'structure',
    expression: 'Bundle.entry[0].resource',
  },
  {
    name: 'an entry at another server',
    sent: (t) =>
      post(
        '',
        entries('transaction', [
          entry(observation(t), { method: 'POST', url: 'https://example.org/fhir/Observation' }),
        ]),
      ),
    status: 400,
    code: 'structure',
    expression: 'Bundle.entry[0].request.url',
  },
  {
    name: 'a registration beside an entry that is refused',
    sent: (t) =>
      post('', transactionOf(patient('Nobody', 'nobody'), recordOf('Observation', t.strangerId, 'x'))),
    status: 403,
    code: 'forbidden',
  },
];

const PATHS: readonly BadRequest[] = [
  {
    name: 'an id that is a path',
    sent: () => get('/Patient/..%2f..%2f..%2fetc%2fpasswd'),
    status: 404,
    code: 'not-found',
  },
  { name: 'an id of dots', sent: () => get('/Patient/%2e%2e'), status: 404, code: 'not-found' },
  { name: 'an id with NUL', sent: () => get('/Patient/a%00b'), status: 404, code: 'not-found' },
  { name: 'an id with SQL', sent: () => get("/Patient/1'%20OR%20'1'='1"), status: 404, code: 'not-found' },
  {
    name: 'an id that is too long',
    sent: () => get(`/Patient/${'a'.repeat(65)}`),
    status: 404,
    code: 'not-found',
  },
  {
    name: 'a part of the path that is too long',
    sent: () => get(`/Patient/${'a'.repeat(300)}`),
    status: 404,
    code: 'not-supported',
  },
  {
    name: 'a URL that cannot be decoded',
    sent: () => get('/Patient/%zz'),
    status: 404,
    code: 'not-supported',
  },
  {
    name: 'a version that is no number',
    sent: ({ recordId }) => get(`/Observation/${recordId}/_history/1%20or%201`),
    status: 404,
    code: 'not-found',
  },
  {
    name: 'the id of another type',
    sent: ({ recordId }) => get(`/Condition/${recordId}`),
    status: 404,
    code: 'not-found',
  },
  { name: 'an unknown operation', sent: () => get('/Patient/$drop'), status: 404, code: 'not-found' },
  {
    name: 'XML wanted',
    sent: ({ recordId }) => get(`/Observation/${recordId}`, { accept: 'application/fhir+xml' }),
    status: 406,
    code: 'not-supported',
  },
];

const SEARCHES: readonly BadRequest[] = [
  {
    name: 'an unknown search parameter',
    sent: () => get('/Observation?colour=red'),
    status: 400,
    code: 'value',
    expression: 'colour',
  },
  {
    name: 'an unknown parameter in a form',
    sent: () => ({
      method: 'POST',
      path: '/fhir/Observation/_search',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'colour=red',
    }),
    status: 400,
    code: 'value',
    expression: 'colour',
  },
  {
    name: 'an unknown modifier',
    sent: () => get('/Observation?code:loudly=1'),
    status: 400,
    code: 'value',
    expression: 'code',
  },
  {
    name: 'a date that is none',
    sent: () => get('/Observation?date=yesterday'),
    status: 400,
    code: 'value',
    expression: 'date',
  },
  {
    name: 'a count that is none',
    sent: () => get('/Observation?_count=all'),
    status: 400,
    code: 'value',
    expression: '_count',
  },
  {
    name: 'a sort by nothing',
    sent: () => get('/Observation?_sort=colour'),
    status: 400,
    code: 'value',
    expression: '_sort',
  },
  {
    name: 'an include of nothing',
    sent: () => get('/Observation?_include=Observation:colour'),
    status: 400,
    code: 'value',
    expression: '_include',
  },
  {
    name: 'a chain into nothing',
    sent: () => get('/Observation?subject:Patient.colour=red'),
    status: 400,
    code: 'value',
    expression: 'colour',
  },
  {
    name: 'an unknown parameter of a read',
    sent: ({ recordId }) => get(`/Observation/${recordId}?colour=red`),
    status: 400,
    code: 'value',
    expression: 'colour',
  },
  {
    name: 'a history since nothing',
    sent: () => get('/Observation/_history?_since=yesterday'),
    status: 400,
    code: 'value',
    expression: '_since',
  },
  {
    name: 'a cursor of nobody',
    sent: () => get('/Observation?_cursor=AAAA'),
    status: 400,
    code: 'value',
    expression: '_cursor',
  },
];

const OPERATIONS: readonly BadRequest[] = [
  {
    name: 'a match without an identifier',
    sent: () => post('/Patient/$match', { resourceType: 'Patient' }),
    status: 400,
    code: 'invalid',
    expression: 'Patient.identifier',
  },
  {
    name: 'a reason that is no code',
    sent: ({ strangerId }) =>
      post(`/Patient/${strangerId}/$break-glass`, {
        resourceType: 'Parameters',
        parameter: [{ name: 'reason', valueCode: 'CURIOSITY' }],
      }),
    status: 400,
    code: 'invalid',
    expression: "Parameters.parameter.where(name='reason')",
  },
  {
    name: 'an emergency of nobody',
    sent: () =>
      post(`/Patient/${NOWHERE}/$break-glass`, {
        resourceType: 'Parameters',
        parameter: [{ name: 'reason', valueCode: 'BTG' }],
      }),
    status: 404,
    code: 'not-found',
  },
  {
    name: 'a validation of something else',
    sent: (t) => post('/Patient/$validate', observation(t)),
    status: 400,
    code: 'structure',
  },
];

/** Requests of a doctor of North, each to be refused, each without a trace in ledger and stores. */
export const BAD_REQUESTS: readonly BadRequest[] = [
  ...BODIES,
  ...RESOURCES,
  ...VERSIONS,
  ...BUNDLES,
  ...PATHS,
  ...SEARCHES,
  ...OPERATIONS,
];
