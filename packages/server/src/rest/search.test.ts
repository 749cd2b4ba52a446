import { beforeEach, describe, expect, it } from 'vitest';
import { call } from './testing/harness.ts';
import { observation, organization, patient } from './testing/resources.ts';
import { allPages, createdAt, grant, type Story, tellStory } from './testing/story.ts';

let story: Story;

beforeEach(async () => {
  story = await tellStory();
});

const at = async (name: 'north' | 'south', url: string) => {
  const token = name === 'north' ? story.northDoctor : story.southDoctor;
  return (await call(story[name], { url, token })).json();
};
const modes = (bundle: { entry?: { search: { mode: string } }[] }): string[] =>
  (bundle.entry ?? []).map(({ search }) => search.mode);

describe('a search that names no person', () => {
  it('covers own records and says so', async () => {
    await createdAt(story.north, story.northDoctor, patient('1'));
    const found = await at('south', '/fhir/Patient');
    expect([found.total, modes(found)]).toEqual([0, ['outcome']]);
    expect(found.entry[0].resource.issue[0].diagnostics).toContain('South Hospital only');
  });

  it('finds the directory of everybody, and has nothing to add', async () => {
    const id = await createdAt(story.north, story.northDoctor, organization('1'));
    const found = await at('south', '/fhir/Organization?identifier=urn:test:org|1');
    expect(found.entry).toMatchObject([
      { fullUrl: `http://south.test/fhir/Organization/${id}`, search: { mode: 'match' } },
    ]);
  });

  it('does not rest on an emergency', async () => {
    await createdAt(story.north, story.northDoctor, patient('1'));
    story.consortium.policy = () => ({ permit: true, code: 'EMERGENCY', emergency: 'e'.repeat(64) });
    expect((await at('north', '/fhir/Patient')).total).toBe(0);
  });
});

describe('a search that names one person', () => {
  it('covers all organisations, by any linked id', async () => {
    const here = await createdAt(story.north, story.northDoctor, patient('1'));
    const there = await createdAt(story.south, story.southDoctor, patient('1'));
    const one = await createdAt(story.north, story.northDoctor, observation(here));
    const two = await createdAt(story.south, story.southDoctor, observation(there));
    for (const id of [here, there]) {
      for (const name of ['north', 'south'] as const) {
        const found = await at(name, `/fhir/Observation?patient=${id}`);
        expect(found.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual([
          one,
          two,
        ]);
        expect(found.total).toBe(2);
      }
    }
  });

  it('takes its parameters from a form too', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    await createdAt(story.north, story.northDoctor, observation(id));
    const answer = await call(story.south, {
      method: 'POST',
      url: '/fhir/Observation/_search?code=4548-4',
      token: story.southDoctor,
      body: `patient=${id}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.json().total).toBe(1);
    expect(answer.json().link[0].url).toBe(`http://south.test/fhir/Observation?code=4548-4&patient=${id}`);
  });

  it('names an organisation that could not be reached', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    story.consortium.unreachable.push('AuthorityMSP');
    const found = await at('south', `/fhir/Patient?_id=${id}`);
    expect(found.entry.at(-1)).toMatchObject({
      search: { mode: 'outcome' },
      resource: { issue: [{ severity: 'warning', code: 'incomplete' }] },
    });
  });

  it('opens only what the type can be filed under', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    const lab = await createdAt(story.north, story.northDoctor, observation(id));
    await at('south', `/fhir/Observation?patient=${id}`);
    expect(story.consortium.opened).toEqual([lab]);
  });

  it('states what of the own records it released and refused', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    const lab = await createdAt(story.north, story.northDoctor, observation(id));
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }];
    const hidden = await createdAt(story.north, story.northDoctor, observation(id, { meta: { security } }));
    story.consortium.policy = (_caller, { labels }) => ({
      permit: labels.confidentiality === 'N',
      code: 'X',
    });
    story.consortium.statements.length = 0;
    const found = await at('north', `/fhir/Observation?patient=${id}`);
    expect(found.total).toBe(1);
    const released = story.consortium.statements.filter(({ outcome }) => outcome === 'released');
    expect(released.flatMap(({ items }) => items.map(({ recordId }) => recordId))).toEqual([lab]);
    expect(JSON.stringify(released)).not.toContain(hidden);
  });

  it('logs a refusal where the person was named', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    await createdAt(story.north, story.northDoctor, observation(id));
    story.consortium.policy = () => ({ permit: false, code: 'DENIED_BY_PATIENT' });
    story.consortium.statements.length = 0;
    await at('north', `/fhir/Observation?patient=${id}`);
    expect(story.consortium.statements).toMatchObject([
      { interaction: 'search-type', outcome: 'refused', code: 'DENIED_BY_PATIENT' },
    ]);
  });
});

describe('paging', () => {
  it('shows every match once while others write', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) ids.push(await createdAt(story.north, story.northDoctor, observation(id)));
    let amended = 0;
    const pages = await allPages(
      story.north,
      story.northDoctor,
      `/fhir/Observation?patient=${id}&_count=2`,
      async () => {
        if (amended++ < 2) await createdAt(story.north, story.northDoctor, observation(id));
      },
    );
    expect(pages.slice(0, 3).map(({ length }) => length)).toEqual([2, 2, 2]);
    expect(pages.flat().slice(0, 7)).toEqual(ids);
    expect(new Set(pages.flat()).size).toBe(pages.flat().length);
  });

  it('pages over the records of several organisations in one order', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    const ids: string[] = [];
    for (const name of ['north', 'south', 'south', 'north', 'south'] as const) {
      const token = name === 'north' ? story.northDoctor : story.southDoctor;
      ids.push(await createdAt(story[name], token, observation(id)));
    }
    for (const name of ['north', 'south'] as const) {
      const token = name === 'north' ? story.northDoctor : story.southDoctor;
      expect((await allPages(story[name], token, `/fhir/Observation?patient=${id}&_count=2`)).flat()).toEqual(
        ids,
      );
      expect(
        (
          await allPages(story[name], token, `/fhir/Patient/${id}/$everything?_type=Observation&_count=2`)
        ).flat(),
      ).toEqual(ids);
    }
  });

  it('gives a cursor to one user and one query', async () => {
    for (let i = 0; i < 3; i++) await createdAt(story.north, story.northDoctor, patient(String(i), 'Same'));
    const first = await at('north', '/fhir/Patient?family=Same&_count=2');
    const next: string = first.link.find(({ relation }: { relation: string }) => relation === 'next').url;
    expect(next).not.toContain('position');
    const other = await story.north.token('doctor', 'TREAT', 'c');
    expect((await call(story.north, { url: next, token: other })).statusCode).toBe(400);
    expect(
      (await call(story.north, { url: next.replace('Same', 'Other'), token: story.northDoctor })).statusCode,
    ).toBe(400);
    const last = await call(story.north, { url: next, token: story.northDoctor });
    expect(last.json().entry).toHaveLength(2);
    expect(last.json().link.map(({ relation }: { relation: string }) => relation)).toEqual(['self']);
  });
});

describe('$everything', () => {
  it('gives what may be read of a person, and the directory entries it refers to', async () => {
    const clinic = await createdAt(story.north, story.northDoctor, organization('1'));
    const id = await createdAt(story.north, story.northDoctor, {
      ...patient('1'),
      managingOrganization: { reference: `Organization/${clinic}` },
    });
    const lab = await createdAt(story.south, story.southDoctor, observation(id));
    for (const name of ['north', 'south'] as const) {
      const found = await at(name, `/fhir/Patient/${id}/$everything`);
      const seen = found.entry.map(
        ({ resource, search }: { resource: { id: string }; search: { mode: string } }) => [
          resource.id,
          search.mode,
        ],
      );
      expect(seen).toEqual([
        [id, 'match'],
        [lab, 'match'],
        [clinic, 'include'],
      ]);
    }
  });

  it('narrows by _since and _type', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    const lab = await createdAt(story.north, story.northDoctor, observation(id));
    const since = (await at('north', `/fhir/Observation/${lab}`)).meta.lastUpdated;
    const bySince = await at('south', `/fhir/Patient/${id}/$everything?_since=${since}`);
    expect(bySince.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual([lab]);
    const byType = await at('south', `/fhir/Patient/${id}/$everything?_type=Patient`);
    expect(byType.entry.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual([id]);
    expect(
      (
        await call(story.north, {
          url: `/fhir/Patient/${id}/$everything?_type=Pation`,
          token: story.northDoctor,
        })
      ).statusCode,
    ).toBe(400);
  });
});

describe('history', () => {
  it('lists versions newest first, tombstones too, page by page while others write', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1', 'One'));
    const put = (family: string) =>
      call(story.north, {
        method: 'PUT',
        url: `/fhir/Patient/${id}`,
        token: story.northDoctor,
        body: { ...patient('1', family), id },
      });
    await put('Two');
    await put('Three');
    await call(story.north, { method: 'DELETE', url: `/fhir/Patient/${id}`, token: story.northDoctor });
    for (const name of ['north', 'south'] as const) {
      const history = await at(name, `/fhir/Patient/${id}/_history`);
      expect(history.total).toBe(4);
      expect(
        history.entry.map(
          ({ request, response }: { request: { method: string }; response: { etag: string } }) => [
            request.method,
            response.etag,
          ],
        ),
      ).toEqual([
        ['DELETE', 'W/"4"'],
        ['PUT', 'W/"3"'],
        ['PUT', 'W/"2"'],
        ['POST', 'W/"1"'],
      ]);
      expect(history.entry[0].resource).toBeUndefined();
      const first = await at(name, `/fhir/Patient/${id}/_history?_count=3`);
      const next = first.link.find(({ relation }: { relation: string }) => relation === 'next').url;
      const rest = await at(name, new URL(next).pathname + new URL(next).search);
      expect(
        rest.entry.map(
          ({ resource }: { resource: { meta: { versionId: string } } }) => resource.meta.versionId,
        ),
      ).toEqual(['1']);
    }
  });

  it('of a type and of the server holds own records and the directory, since a moment', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    await createdAt(story.north, story.northDoctor, organization('1'));
    expect((await at('north', '/fhir/_history')).total).toBe(2);
    expect((await at('south', '/fhir/_history')).total).toBe(1);
    expect((await at('north', '/fhir/Patient/_history')).entry[0].resource.id).toBe(id);
    expect((await at('north', '/fhir/_history?_since=2030-01-01')).total).toBe(0);
  });

  it('of another organisation is there for who may read', async () => {
    const id = await createdAt(story.north, story.northDoctor, patient('1'));
    grant(story, () => false);
    expect(
      (await call(story.south, { url: `/fhir/Patient/${id}/_history`, token: story.southDoctor })).statusCode,
    ).toBe(404);
    grant(story, () => true);
    expect((await at('south', `/fhir/Patient/${id}/_history`)).entry[0].fullUrl).toBe(
      `http://south.test/fhir/Patient/${id}`,
    );
  });
});
