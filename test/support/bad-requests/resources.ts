import { recordOf } from '../resources.ts';
import { FHIR, NOWHERE, observation, post, put, type BadRequest } from './request.ts';

const invalid = (name: string, more: object, expression: string, code = 'invalid'): BadRequest => ({
  name,
  sent: (target) => post('/Observation', observation(target, more)),
  status: 400,
  code,
  expression,
});

export const RESOURCES: readonly BadRequest[] = [
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

export const VERSIONS: readonly BadRequest[] = [
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
