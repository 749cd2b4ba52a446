import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { committed, NORMAL } from '../store/committed.fixture.ts';
import { type CommittedVersion, openStore, type Permitted } from '../store/index.ts';
import { parametersOf } from './parameters-of.ts';
import { parseSearch } from './parse.ts';
import { search } from './search.ts';

/** Own records are matched in the store's file, opened ones in memory: which of the two holds a record must not show. */

const word = fc.constantFrom('a', 'b', 'ab');
const day = fc.constantFrom('2020', '2020-01', '2020-01-15', '2020-01-15T10:00:00Z', '2021-06-01');
const patientId = fc.constantFrom('p0', 'p1', 'p2');

const patient = fc.record({
  family: word,
  given: word,
  birthDate: fc.constantFrom('1970', '1970-02', '1970-02-03'),
});
const observation = fc.record({
  code: word,
  system: fc.option(fc.constantFrom('urn:s', 'urn:t'), { nil: undefined }),
  date: fc.option(day, { nil: undefined }),
  value: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  subject: patientId,
  member: fc.option(fc.nat(5), { nil: undefined }),
  secret: fc.boolean(),
});

type ObservationDraft = typeof observation extends fc.Arbitrary<infer T> ? T : never;
type PatientDraft = typeof patient extends fc.Arbitrary<infer T> ? T : never;

const RESTRICTED = { ...NORMAL, confidentiality: 'R' as const, sensitivities: ['PSY' as const] };

function patientVersion({ family, given, birthDate }: PatientDraft, at: number): CommittedVersion {
  const resource = { resourceType: 'Patient', id: `p${at}`, name: [{ family, given: [given] }], birthDate };
  return committed(resource, { blockNumber: at });
}

function observationVersion(draft: ObservationDraft, at: number): CommittedVersion {
  const { code, system, date, value, subject, member, secret } = draft;
  const resource = {
    resourceType: 'Observation',
    id: `o${at}`,
    status: 'final',
    code: { coding: [{ code, system }] },
    subject: { reference: `Patient/${subject}` },
    ...(date === undefined ? {} : { effectiveDateTime: date }),
    ...(value === undefined ? {} : { valueQuantity: { value, unit: 'u' } }),
    ...(member === undefined ? {} : { hasMember: [{ reference: `Observation/o${member}` }] }),
  };
  return committed(resource, { blockNumber: 20 - at, labels: secret ? RESTRICTED : NORMAL });
}

const observationQuery = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'code=a',
        'code:not=a',
        'code=urn:s|a,b',
        'code=|b',
        'date:missing=true',
        'subject:Patient=p1',
      ),
      fc.constantFrom(
        'date=2020',
        'date=ge2020-01-15',
        'date=lt2021',
        'date=ne2020-01',
        'date=sa2020',
        'date=eb2021',
      ),
      fc.constantFrom(
        'value-quantity=1',
        'value-quantity=gt1',
        'value-quantity=le2||u',
        'code-value-quantity=a$ge1',
      ),
      fc.constantFrom(
        'subject:Patient.family=a',
        'has-member.code=a',
        'patient.birthdate=1970-02',
        '_has:Observation:has-member:code=b',
      ),
      fc.constantFrom(
        '_include=Observation:subject',
        '_include:iterate=Observation:has-member',
        '_revinclude=Observation:has-member',
      ),
    ),
    { maxLength: 4 },
  )
  .map((parts) => ['Observation', parts.join('&')] as const);
const patientQuery = fc
  .array(
    fc.constantFrom(
      'family=a',
      'name:contains=b',
      'birthdate=1970-02',
      '_has:Observation:patient:code=a',
      '_revinclude=Observation:subject',
    ),
    {
      maxLength: 3,
    },
  )
  .map((parts) => ['Patient', parts.join('&')] as const);
const sort = fc.constantFrom('', '&_sort=date', '&_sort=-date,code', '&_sort=-_id');

async function found(
  parts: readonly (readonly CommittedVersion[])[],
  type: string,
  text: string,
  permitted: Permitted,
): Promise<unknown> {
  // The first store is the server's own and indexes everything; the others are made for the query.
  const needed = { parameters: parametersOf(parseSearch(type, new URLSearchParams(text))) };
  const stores = parts.map((part, at) => {
    const store = openStore(':memory:', at === 0 ? {} : needed);
    store.applyCommitted(part);
    return store;
  });
  try {
    const pages: unknown[] = [];
    let cursor: string | undefined;
    do {
      const parameters = [
        ...new URLSearchParams(text),
        ...(cursor === undefined ? [] : [['_cursor', cursor] as [string, string]]),
      ];
      const page = await search(stores, parseSearch(type, [...parameters, ['_count', '3']]), { permitted });
      const names = (hits: typeof page.matches): string[] =>
        hits.map(({ record }) => `${record.type}/${record.id}`);
      pages.push([names(page.matches), names(page.included).sort(), page.total]);
      cursor = page.next;
    } while (cursor !== undefined);
    return pages;
  } finally {
    for (const store of stores) store.close();
  }
}

describe('one semantics', () => {
  it('answers alike wherever the records are held', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(patient, { minLength: 3, maxLength: 3 }),
        fc.array(observation, { maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
        fc.oneof(observationQuery, patientQuery),
        sort,
        fc.boolean(),
        async (patients, observations, inMemory, [type, query], order, mayReadSecrets) => {
          const versions = [...patients.map(patientVersion), ...observations.map(observationVersion)];
          const permitted: Permitted = (facts) =>
            Promise.resolve(facts.map(({ labels }) => mayReadSecrets || labels.confidentiality === 'N'));
          const text = query + (type === 'Observation' ? order : '');
          const whole = await found([versions], type, text, permitted);
          const split = [
            versions.filter((_, at) => inMemory[at] === true),
            versions.filter((_, at) => inMemory[at] !== true),
          ];
          expect(await found(split, type, text, permitted)).toEqual(whole);
        },
      ),
      { numRuns: 60 },
    );
  });
});
