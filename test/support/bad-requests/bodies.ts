import type { Sent } from '../http.ts';
import { observation, post, type BadRequest, type Target } from './request.ts';

/** The text of a valid observation with one piece of it replaced. */
const spoilt = (target: Target, piece: string, by: string): Sent =>
  post('/Observation', JSON.stringify(observation(target)).replace(piece, by));

export const BODIES: readonly BadRequest[] = [
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
