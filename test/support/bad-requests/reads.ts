import { NOWHERE, get, observation, post, type BadRequest } from './request.ts';

export const PATHS: readonly BadRequest[] = [
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

export const SEARCHES: readonly BadRequest[] = [
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

export const OPERATIONS: readonly BadRequest[] = [
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
