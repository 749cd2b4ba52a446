import type { FhirClient } from '@healthchain/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConsortium, type StoryConsortium } from './support/consortium.ts';
import { filesOf, foundIn } from './support/files.ts';
import { broughtBy, namesPatient, PROBES, type Probe } from './support/probes.ts';
import { admit, grant, revoke, type Stay } from './support/ward.ts';

let story: StoryConsortium;
let stay: Stay;
let sven: FhirClient;
let nora: FhirClient;

beforeAll(async () => {
  story = await startConsortium();
  stay = await admit(story);
  sven = await story.client('sven');
  nora = await story.client('nora');
});
afterAll(() => story?.close());

const probes = Object.entries(PROBES);
const askAs = (client: FhirClient, name: string) => (PROBES[name] as Probe).ask(client, stay);

/** The answers to every probe, asked at the same time. */
function answers(client: FhirClient) {
  return Promise.all(
    probes.map(async ([name, probe]) => ({ name, probe, ...(await probe.ask(client, stay)) })),
  );
}

async function isRefusedEverywhere(client: FhirClient): Promise<void> {
  for (const { name, probe, status, text } of await answers(client)) {
    expect([name, status, broughtBy(text, stay)]).toEqual([name, probe.refused, []]);
    expect(namesPatient(text, stay), name).toBe(false);
    const totals = [...text.matchAll(/"total":(\d+)/g)].map(([, count]) => count);
    expect(new Set(totals).difference(new Set(['0'])), name).toEqual(new Set());
  }
}

async function readsTheLaboratory(client: FhirClient): Promise<void> {
  for (const { name, probe, status, text } of await answers(client)) {
    expect([name, broughtBy(text, stay)]).toEqual([name, probe.brings.toSorted()]);
    expect(namesPatient(text, stay), name).toBe(false);
    expect(status, name).toBe(probe.brings.length > 0 ? 200 : probe.refused);
    if (probe.total !== undefined) expect(JSON.parse(text), name).toMatchObject({ total: probe.total });
    expect(text, name).not.toContain('"code":"R"');
  }
}

/** While the peers of these organisations take no blocks. */
async function withPaused(organisations: readonly string[], run: () => Promise<void>): Promise<void> {
  const { engine } = story.consortium;
  for (const name of organisations) await engine.pause(`peer0.${name}`);
  try {
    await run();
  } finally {
    for (const name of organisations) await engine.resume(`peer0.${name}`);
  }
}

describe('a doctor of another hospital', () => {
  it('is refused a patient without a grant, in every way', () => isRefusedEverywhere(sven));

  it('gets by a grant of the laboratory exactly that, in every way', async () => {
    const consent = await grant(story, stay.patient, stay, { to: 'sven' });
    await readsTheLaboratory(sven);
    await isRefusedEverywhere(nora);
    const elsewhere = await story.client('sven', { purpose: 'HOPERAT' });
    const { status } = await elsewhere.request('GET', `Observation/${stay.ids.potassium}`);
    expect(status).toBe(404);
    await revoke(stay.patient, consent);
    await isRefusedEverywhere(sven);
  });
});

describe('a revocation', () => {
  it.each(['north', 'authority'])('binds the custodian of %s, whose peer has not seen it', async (name) => {
    const consent = await grant(story, stay.patient, stay, { to: 'sven' });
    await withPaused([name], async () => {
      await revoke(stay.patient, consent);
      await isRefusedEverywhere(sven);
    });
  });

  it('leaves nothing to read where so many custodians are behind that the others cannot decide', async () => {
    const consent = await grant(story, stay.patient, stay, { to: 'sven' });
    await withPaused(['north', 'authority'], async () => {
      await revoke(stay.patient, consent);
      for (const name of ['read', 'vread', 'search', '$everything', 'batch']) {
        const { status, text } = await askAs(sven, name);
        expect([name, broughtBy(text, stay), namesPatient(text, stay)]).toEqual([name, [], false]);
        expect([200, 404, 503], name).toContain(status);
      }
      expect((await sven.request('GET', `Observation/${stay.ids.potassium}`)).status).toBe(503);
    });
    await isRefusedEverywhere(sven);
  });

  it('of a grant ends what was passed on from it', async () => {
    const rights = ['read', 'authorise'] as const;
    const consent = await grant(story, stay.patient, stay, { to: 'sven', rights });
    await grant(story, sven, stay, { to: 'nora', parent: consent });
    await readsTheLaboratory(nora);
    await revoke(stay.patient, consent);
    await isRefusedEverywhere(nora);
    await isRefusedEverywhere(sven);
  });
});

describe('the files of organisations that may not decide', () => {
  const places = ['south', 'acme'] as const;

  it('hold nothing of these records in clear, whoever read them', async () => {
    const consent = await grant(story, stay.patient, stay, { to: 'sven', categories: '*' });
    const brought = broughtBy((await askAs(sven, '$everything')).text, stay);
    expect(brought).toEqual(expect.arrayContaining(['asthma', 'potassium', 'pulse']));
    await revoke(stay.patient, consent);
    const letters = [...Object.values(stay.markers), stay.firstPotassium, stay.patientMarker];
    for (const place of places) expect(await foundIn(filesOf(story.data, place), letters), place).toEqual([]);
    expect(await foundIn(filesOf(story.data, 'north'), letters)).toEqual(letters.toSorted());
  });
});
