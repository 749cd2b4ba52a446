import { patient, recordOf, transactionOf, type Body } from '../resources.ts';
import { NOWHERE, observation, post, type BadRequest } from './request.ts';

const entries = (type: string, entry: readonly unknown[]): Body => ({ resourceType: 'Bundle', type, entry });
const entry = (resource: object, request: object): object => ({ resource, request });

export const BUNDLES: readonly BadRequest[] = [
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
