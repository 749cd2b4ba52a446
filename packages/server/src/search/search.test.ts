import { afterEach, describe, expect, it } from 'vitest';
import { initialiseValidation } from '../fhir/index.ts';
import { committed, deleted, NORMAL } from '../store/committed.fixture.ts';
import { type AccessFacts, openStore, type Permitted, type Store } from '../store/index.ts';
import { parseSearch } from './parse.ts';
import { search, type SearchOptions, type SearchPage } from './search.ts';

const everything: Permitted = (facts) => Promise.resolve(facts.map(() => true));
const LOINC = 'http://loinc.org';
const stores: Store[] = [];

function storeOf(...resources: object[]): Store {
  const store = openStore(':memory:', { bases: ['http://north.example/fhir'] });
  store.applyCommitted(resources.map((resource) => committed(resource)));
  stores.push(store);
  return store;
}

async function run(
  store: Store | readonly Store[],
  text: string,
  options: Partial<SearchOptions> = {},
): Promise<SearchPage> {
  const [type = '', query = ''] = text.split('?');
  const sources = Array.isArray(store) ? (store as Store[]) : [store as Store];
  const parsed = parseSearch(type, new URLSearchParams(query), { bases: ['http://north.example/fhir'] });
  return search(sources, parsed, { permitted: everything, ...options });
}

const idsOf = (page: SearchPage): string[] => page.matches.map(({ record }) => record.id);
const includedOf = (page: SearchPage): string[] =>
  page.included.map(({ record }) => `${record.type}/${record.id}`).sort();

afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

const observation = (id: string, more: object): object => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  ...more,
});

describe('tokens', () => {
  const store = (): Store =>
    storeOf(
      observation('a', {
        code: {
          coding: [
            { system: LOINC, code: '1-8' },
            { system: 'urn:x', code: 'x' },
          ],
        },
      }),
      observation('b', { code: { coding: [{ code: '1-8' }] } }),
      observation('c', { code: { text: '1-8' } }),
    );

  it.each([
    ['code=1-8', ['a', 'b']],
    [`code=${LOINC}|1-8`, ['a']],
    ['code=|1-8', ['b']],
    [`code=${LOINC}|`, ['a']],
    ['code=x,1-8', ['a', 'b']],
    ['code=x&code=1-8', ['a']],
    ['code=1-9', []],
    ['code:not=x', ['b', 'c']],
    ['code:missing=true', ['c']],
    ['code:missing=false', ['a', 'b']],
    ['status=final', ['a', 'b', 'c']],
    ['_id=a,c', ['a', 'c']],
    ['_id:not=a', ['b', 'c']],
  ])('%s', async (query, expected) => {
    expect(idsOf(await run(store(), `Observation?${query}`))).toEqual(expected);
  });
});

describe('strings', () => {
  const store = (): Store =>
    storeOf(
      {
        resourceType: 'Patient',
        id: 'a',
        name: [{ family: 'Müller', given: ['Ana', 'Maria'] }],
        address: [{ city: 'São Paulo' }],
      },
      { resourceType: 'Patient', id: 'b', name: [{ text: 'Anabel Muller-Lee' }] },
      { resourceType: 'Patient', id: 'c', name: [{ family: 'O,Neil' }] },
    );

  it.each([
    ['name=mul', ['a']],
    ['family=MULLER', ['a']],
    ['name=ana', ['a', 'b']],
    ['name:exact=Ana', ['a']],
    ['name:exact=ana', []],
    ['name:contains=lee', ['b']],
    ['name=ana&name=mar', ['a']],
    ['address=sao', ['a']],
    ['family=o\\,n', ['c']],
    ['family=o,mu', ['a', 'c']],
    ['name=%25', []],
  ])('%s', async (query, expected) => {
    expect(idsOf(await run(store(), `Patient?${query}`))).toEqual(expected);
  });
});

describe('dates, by interval and precision', () => {
  const store = (): Store =>
    storeOf(
      observation('day', { effectiveDateTime: '2020-03-15' }),
      observation('instant', { effectiveDateTime: '2020-03-15T10:00:00+02:00' }),
      observation('year', { effectiveDateTime: '2020' }),
      observation('period', { effectivePeriod: { start: '2020-03-01', end: '2020-03-31' } }),
      observation('open', { effectivePeriod: { start: '2020-03-20' } }),
      observation('timing', { effectiveTiming: { event: ['2019-01-01', '2019-06-01'] } }),
    );

  it.each([
    ['date=2020-03-15', ['day', 'instant']],
    ['date=2020-03', ['day', 'instant', 'period']],
    ['date=2020', ['day', 'instant', 'year', 'period']],
    ['date=2020-03-15T08:00Z', ['instant']],
    ['date=ne2020', ['open', 'timing']],
    ['date=gt2020-03-15', ['year', 'period', 'open']],
    ['date=ge2020-03-15', ['day', 'instant', 'year', 'period', 'open']],
    ['date=lt2020-03-15', ['year', 'period', 'timing']],
    ['date=le2020-03-15', ['day', 'instant', 'year', 'period', 'timing']],
    ['date=sa2020-03-15', ['open']],
    ['date=eb2020', ['timing']],
    ['date=ge2020-03-01&date=lt2020-04-01', ['day', 'instant', 'year', 'period', 'open']],
    ['date=ap2020-03-14', ['day', 'instant', 'year', 'period']],
    ['date=2019-03', []],
    ['date=2019', ['timing']],
  ])('%s', async (query, expected) => {
    expect(idsOf(await run(store(), `Observation?${query}`))).toEqual(expected);
  });
});

describe('quantities and numbers', () => {
  const kg = { system: 'http://unitsofmeasure.org', code: 'kg', unit: 'kg' };
  const store = (): Store =>
    storeOf(
      observation('a', { valueQuantity: { value: 5.4, ...kg } }),
      observation('b', { valueQuantity: { value: 5.41, unit: 'kg' } }),
      observation('c', { valueQuantity: { value: 100, ...kg, comparator: '>' } }),
      {
        resourceType: 'RiskAssessment',
        id: 'r',
        status: 'final',
        prediction: [{ probabilityDecimal: 0.25 }],
      },
    );

  it.each([
    ['value-quantity=5.4', ['a', 'b']],
    ['value-quantity=5.40', ['a']],
    ['value-quantity=5.4|http://unitsofmeasure.org|kg', ['a']],
    ['value-quantity=5.4||kg', ['a', 'b']],
    ['value-quantity=gt5.4', ['b', 'c']],
    ['value-quantity=gt1000', ['c']],
    ['value-quantity=le5.4', ['a']],
    ['value-quantity=ne5.40', ['b', 'c']],
    ['value-quantity=5.4||g', []],
    ['value-quantity=ap5', ['a', 'b']],
  ])('%s', async (query, expected) => {
    expect(idsOf(await run(store(), `Observation?${query}`))).toEqual(expected);
  });

  it('takes the lower edge of the written precision and leaves the upper', async () => {
    const edges = storeOf(
      observation('low', { valueQuantity: { value: 4.5 } }),
      observation('high', { valueQuantity: { value: 5.5 } }),
    );
    expect(idsOf(await run(edges, 'Observation?value-quantity=5'))).toEqual(['low']);
    expect(idsOf(await run(edges, 'Observation?value-quantity=ne5'))).toEqual(['high']);
  });

  it('reads plain numbers', async () => {
    expect(idsOf(await run(store(), 'RiskAssessment?probability=gt0.2'))).toEqual(['r']);
    expect(idsOf(await run(store(), 'RiskAssessment?probability=0.3'))).toEqual(['r']);
    expect(idsOf(await run(store(), 'RiskAssessment?probability=0.30'))).toEqual([]);
  });
});

describe('references', () => {
  const store = (): Store =>
    storeOf(
      observation('a', { subject: { reference: 'Patient/p' } }),
      observation('b', { subject: { reference: 'http://north.example/fhir/Patient/p/_history/2' } }),
      observation('c', { subject: { reference: 'Group/p' } }),
      observation('d', { subject: { identifier: { system: 'urn:mrn', value: '1' } } }),
    );

  it.each([
    ['subject=Patient/p', ['a', 'b']],
    ['subject=p', ['a', 'b', 'c']],
    ['subject:Group=p', ['c']],
    ['subject:Patient=Group/p', []],
    ['subject=http://north.example/fhir/Patient/p', ['a', 'b']],
    ['patient=p', ['a', 'b']],
    ['subject:identifier=urn:mrn|1', ['d']],
    ['subject:missing=true', []],
    ['encounter:missing=true', ['a', 'b', 'c', 'd']],
  ])('%s', async (query, expected) => {
    expect(idsOf(await run(store(), `Observation?${query}`))).toEqual(expected);
  });

  it('takes any linked id for the person', async () => {
    const linkedPatients = (id: string): Promise<string[]> =>
      Promise.resolve(id === 'other' ? ['other', 'p'] : [id]);
    expect(idsOf(await run(store(), 'Observation?patient=other', { linkedPatients }))).toEqual(['a', 'b']);
  });
});

describe('composites, tags, profiles', () => {
  const pressure = (id: string, systolic: number, diastolic: number): object =>
    observation(id, {
      component: [
        { code: { coding: [{ code: '8480-6' }] }, valueQuantity: { value: systolic } },
        { code: { coding: [{ code: '8462-4' }] }, valueQuantity: { value: diastolic } },
      ],
    });

  it('matches both components at one element', async () => {
    const store = storeOf(pressure('a', 150, 80), pressure('b', 120, 150));
    expect(idsOf(await run(store, 'Observation?component-code-value-quantity=8480-6$gt140'))).toEqual(['a']);
    expect(
      idsOf(await run(store, 'Observation?component-code=8480-6&component-value-quantity=gt140')),
    ).toEqual(['a', 'b']);
  });

  it('finds by tag, label and profile', async () => {
    const store = storeOf(
      observation('a', {
        meta: { tag: [{ system: 'urn:t', code: 'x' }], profile: ['http://p|1'], security: [{ code: 'R' }] },
      }),
      observation('b', {}),
    );
    expect(idsOf(await run(store, 'Observation?_tag=urn:t|x'))).toEqual(['a']);
    expect(idsOf(await run(store, 'Observation?_security=R'))).toEqual(['a']);
    expect(idsOf(await run(store, 'Observation?_profile=http://p|1'))).toEqual(['a']);
  });
});

describe('chains, includes', () => {
  const store = (): Store =>
    storeOf(
      { resourceType: 'Organization', id: 'north', name: 'North Hospital' },
      {
        resourceType: 'Patient',
        id: 'p',
        name: [{ family: 'Lee' }],
        managingOrganization: { reference: 'Organization/north' },
      },
      { resourceType: 'Patient', id: 'q', name: [{ family: 'Kim' }] },
      observation('a', { subject: { reference: 'Patient/p' }, code: { coding: [{ code: 'x' }] } }),
      observation('b', { subject: { reference: 'Patient/q' }, hasMember: [{ reference: 'Observation/a' }] }),
      {
        resourceType: 'DiagnosticReport',
        id: 'r',
        status: 'final',
        result: [{ reference: 'Observation/a' }],
      },
      { resourceType: 'Provenance', id: 'v', target: [{ reference: 'DiagnosticReport/r' }] },
    );

  it.each([
    ['Observation?subject:Patient.name=lee', ['a']],
    ['Observation?patient.organization.name=north', ['a']],
    ['Observation?subject.name=kim', ['b']],
    ['Patient?_has:Observation:patient:code=x', ['p']],
    ['Patient?_has:Observation:patient:_has:DiagnosticReport:result:status=final', ['p']],
    ['DiagnosticReport?result.patient.family=lee', ['r']],
    ['Organization?_has:Patient:organization:family=lee', ['north']],
  ])('%s', async (query, expected) => {
    expect(idsOf(await run(store(), query))).toEqual(expected);
  });

  it('includes what matches point at, and what points at them', async () => {
    expect(includedOf(await run(store(), 'Observation?_id=a&_include=Observation:subject'))).toEqual([
      'Patient/p',
    ]);
    expect(includedOf(await run(store(), 'Observation?_id=a&_include=Observation:subject:Group'))).toEqual(
      [],
    );
    expect(
      includedOf(await run(store(), 'Observation?_id=a&_include=*&_revinclude=DiagnosticReport:result')),
    ).toEqual(['DiagnosticReport/r', 'Patient/p']);
    expect(
      includedOf(
        await run(
          store(),
          'Observation?_id=a&_include=Observation:subject&_include:iterate=Patient:organization&_revinclude=DiagnosticReport:result&_revinclude:iterate=Provenance:target',
        ),
      ),
    ).toEqual(['DiagnosticReport/r', 'Organization/north', 'Patient/p', 'Provenance/v']);
  });

  it('does not list a match again as included', async () => {
    const page = await run(store(), 'Observation?_include=Observation:has-member');
    expect(idsOf(page)).toEqual(['a', 'b']);
    expect(page.included).toEqual([]);
  });
});

describe('what the caller may not read', () => {
  const secret = { ...NORMAL, confidentiality: 'R' as const, sensitivities: ['HIV' as const] };
  const onlyNormal: Permitted = (facts) =>
    Promise.resolve(facts.map(({ labels }) => labels.confidentiality === 'N'));
  const store = (): Store => {
    const made = storeOf(
      { resourceType: 'Patient', id: 'p', name: [{ family: 'Lee' }] },
      observation('open', { subject: { reference: 'Patient/p' }, code: { coding: [{ code: 'y' }] } }),
    );
    made.applyCommitted([
      committed({ resourceType: 'Patient', id: 's', name: [{ family: 'Sam' }] }, { labels: secret }),
      committed(
        observation('hidden', { subject: { reference: 'Patient/p' }, code: { coding: [{ code: 'x' }] } }),
        { labels: secret },
      ),
      committed(observation('of-secret', { subject: { reference: 'Patient/s' } })),
    ]);
    return made;
  };
  const restricted = (query: string): Promise<SearchPage> => run(store(), query, { permitted: onlyNormal });

  it('is in no result, total, chain, _has or include', async () => {
    expect(await restricted('Observation?')).toMatchObject({ total: 2 });
    expect(idsOf(await restricted('Observation?'))).toEqual(['open', 'of-secret']);
    expect(await restricted('Observation?code=x')).toMatchObject({ total: 0, matches: [] });
    expect(idsOf(await restricted('Observation?subject:Patient.name=sam'))).toEqual([]);
    expect(idsOf(await restricted('Patient?_has:Observation:patient:code=x'))).toEqual([]);
    expect(idsOf(await restricted('Patient?_has:Observation:patient:code=y'))).toEqual(['p']);
    expect(includedOf(await restricted('Observation?_id=of-secret&_include=Observation:subject'))).toEqual(
      [],
    );
    expect(includedOf(await restricted('Patient?_id=p&_revinclude=Observation:subject'))).toEqual([
      'Observation/open',
    ]);
    expect(await restricted('Patient?_summary=count')).toMatchObject({ total: 1, matches: [] });
  });

  it('is asked about once for equal facts, never for the directory', async () => {
    const made = store();
    made.applyCommitted([
      committed({ resourceType: 'Practitioner', id: 'd', name: [{ family: 'Dee' }] }, { labels: null }),
    ]);
    const asked: AccessFacts[] = [];
    const permitted: Permitted = (facts) => {
      asked.push(...facts);
      return onlyNormal(facts);
    };
    await run(made, 'Observation?_include=Observation:subject', { permitted });
    expect(new Set(asked.map(({ type, labels }) => `${type} ${labels.confidentiality}`)).size).toBe(
      asked.length,
    );
    const before = asked.length;
    expect(idsOf(await run(made, 'Practitioner?name=dee', { permitted }))).toEqual(['d']);
    expect(asked).toHaveLength(before);
  });

  it('is what the filter leaves unanswered', async () => {
    await expect(run(store(), 'Patient?', { permitted: () => Promise.resolve([]) })).resolves.toMatchObject({
      total: 0,
    });
  });
});

describe('order and pages', () => {
  const many = (): Store =>
    storeOf(
      ...Array.from({ length: 7 }, (_, i) =>
        observation(`o${i}`, i === 3 ? {} : { effectiveDateTime: `2020-01-0${((i * 3) % 7) + 1}` }),
      ),
    );

  async function pages(store: Store | readonly Store[], query: string): Promise<string[][]> {
    const found: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await run(store, cursor === undefined ? query : `${query}&_cursor=${cursor}`);
      found.push(idsOf(page));
      expect(page.total).toBe(7);
      cursor = page.next;
    } while (cursor !== undefined);
    return found;
  }

  it('pages in commit order', async () => {
    expect(await pages(many(), 'Observation?_count=3')).toEqual([
      ['o0', 'o1', 'o2'],
      ['o3', 'o4', 'o5'],
      ['o6'],
    ]);
  });

  it('pages in any order, missing values last', async () => {
    const ascending = ['o0', 'o5', 'o3', 'o1', 'o6', 'o4', 'o2'].filter((id) => id !== 'o3');
    expect((await pages(many(), 'Observation?_count=2&_sort=date')).flat()).toEqual([...ascending, 'o3']);
    expect((await pages(many(), 'Observation?_count=2&_sort=-date')).flat()).toEqual([
      ...ascending.toReversed(),
      'o3',
    ]);
    expect((await pages(many(), 'Observation?_count=4&_sort=status,-_id')).flat()).toEqual([
      'o6',
      'o5',
      'o4',
      'o3',
      'o2',
      'o1',
      'o0',
    ]);
  });

  it('refuses a cursor of another query', async () => {
    const { next } = await run(many(), 'Observation?_count=2');
    await expect(run(many(), `Observation?_count=2&_sort=date&_cursor=${next}`)).rejects.toMatchObject({
      code: 'BAD_CURSOR',
    });
    await expect(run(many(), 'Observation?_cursor=!!')).rejects.toMatchObject({ code: 'BAD_CURSOR' });
  });

  it('leaves out tombstones and follows updates', async () => {
    const store = many();
    store.applyCommitted([
      deleted('Observation', 'o1', 2),
      committed(observation('o0', { code: { coding: [{ code: 'z' }] } }), { version: 2 }),
    ]);
    expect(idsOf(await run(store, 'Observation?'))).toEqual(['o2', 'o3', 'o4', 'o5', 'o6', 'o0']);
    expect(idsOf(await run(store, 'Observation?code=z'))).toEqual(['o0']);
    expect(idsOf(await run(store, 'Observation?date=2020-01-01'))).toEqual([]);
  });

  it('finds by _lastUpdated', async () => {
    const store = storeOf();
    store.applyCommitted([
      committed(observation('a', {}), { lastUpdated: '2024-01-01T00:00:00.000Z' }),
      committed(observation('b', {}), { lastUpdated: '2024-06-01T10:00:00.500Z' }),
    ]);
    expect(idsOf(await run(store, 'Observation?_lastUpdated=gt2024-01-01'))).toEqual(['b']);
    expect(idsOf(await run(store, 'Observation?_lastUpdated=2024-06-01T10:00:00.500Z'))).toEqual(['b']);
    expect(idsOf(await run(store, 'Observation?_sort=-_lastUpdated'))).toEqual(['b', 'a']);
  });
});

describe('summaries and elements', () => {
  const textOf = (page: SearchPage): unknown[] =>
    page.matches.map(({ record }) => JSON.parse(record.text ?? 'null') as unknown);

  it('shape what is shown', async () => {
    await initialiseValidation();
    const store = storeOf(
      observation('a', { valueString: 'v', note: [{ text: 'n' }], subject: { reference: 'Patient/p' } }),
    );
    const [summary] = textOf(await run(store, 'Observation?_summary=true'));
    expect(summary).toMatchObject({ id: 'a', valueString: 'v' });
    expect(summary).not.toHaveProperty('note');
    const [elements] = textOf(await run(store, 'Observation?_elements=note'));
    expect(elements).toMatchObject({ id: 'a', status: 'final', note: [{ text: 'n' }] });
    expect(elements).not.toHaveProperty('valueString');
  });
});
