import { existsSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readInput, type FhirClient } from '@healthchain/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, expectedText, importedBy, type Imported } from './support/fidelity.ts';
import { filesOf, foundIn } from './support/files.ts';
import { OWN_BUNDLE } from './support/own-bundle.ts';
import { startProgram, type Program } from './support/program.ts';

/** Synthea's synthetic patients where they lie beside the checkout: 640 resources in transaction bundles. */
const SYNTHEA = fileURLToPath(new URL('../../shared/data/synthea', import.meta.url));
const synthea = existsSync(SYNTHEA) ? globSync(join(SYNTHEA, '*.json')).toSorted() : [];

let program: Program;
let files: string[];
let nina: FhirClient;
let imported: Imported[];

beforeAll(async () => {
  program = await startProgram();
  const own = join(program.data, 'own-bundle.json');
  writeFileSync(own, OWN_BUNDLE);
  files = [own, ...synthea];
});
afterAll(() => program?.close());

const runImport = (): Promise<string> =>
  program.expect('import', '--json', '--org', 'north', '--as', 'nina', ...files);
const storedAt = async (type: string): Promise<number> => {
  const { text } = await nina.expect('GET', `${type}?_summary=count`);
  return (JSON.parse(text) as { total: number }).total;
};
const created = (): Imported[] => imported.filter(({ isCreated }) => isCreated);
const typesOf = (resources: readonly Imported[]): string[] => [...new Set(resources.map(({ type }) => type))];
const patients = (): Imported[] => created().filter(({ type }) => type === 'Patient');

/** The answers to bundles that are sent again under the keys of the import. */
async function askedAgain(): Promise<Imported[]> {
  const units = files.flatMap(readInput);
  const answers: Imported[] = [];
  for (const { body, key } of units) {
    const { text, headers } = await nina.expect('POST', '', body, { 'idempotency-key': key });
    expect(headers.get('idempotent-replayed')).toBe('true');
    answers.push(...importedBy(body, text));
  }
  return answers;
}

describe('an import', () => {
  it('takes every resource; what stands in the directory already is not written again', async () => {
    const report = JSON.parse(await runImport()) as { resources: number; created: number; matched: number };
    const [own, repeated] = [9, 1];
    const expected =
      synthea.length === 0 ? { resources: own } : { resources: own + 640, matched: repeated + 12 };
    expect(report).toMatchObject(expected);
    expect(report.created + report.matched).toBe(report.resources);
    nina = await program.client('nina');
    imported = await askedAgain();
    expect(created()).toHaveLength(report.created);
  });

  it('reads back as it was sent, to the digits and the client’s tags', async () => {
    expect(await differences(nina, imported)).toEqual([]);
  });

  it('is found by search', async () => {
    for (const type of typesOf(created())) {
      const wanted = created()
        .filter((each) => each.type === type)
        .map(({ id }) => id);
      const found: unknown[] = [];
      for (let start = 0; start < wanted.length; start += 100) {
        const path = `${type}?_id=${wanted.slice(start, start + 100).join(',')}&_count=100`;
        for await (const { resource, search } of nina.search(path))
          if (search?.mode === 'match') found.push(resource.id);
      }
      expect(new Set(found), type).toEqual(new Set(wanted));
      expect(found).toHaveLength(wanted.length);
      expect(await storedAt(type), type).toBe(wanted.length);
    }
    if (synthea.length > 0) expect(await storedAt('Organization')).toBe(102 + 1);
  });

  it('changes nothing when it is repeated, with its journal and without', async () => {
    const before = await Promise.all(typesOf(created()).map(storedAt));
    const again = { created: 0, matched: 0, skipped: imported.length };
    expect(JSON.parse(await runImport())).toMatchObject(again);
    rmSync(join(program.data, 'north', 'import.journal'));
    expect(JSON.parse(await runImport())).toMatchObject(again);
    expect(await Promise.all(typesOf(created()).map(storedAt))).toEqual(before);
    const heads = await Promise.all(
      created()
        .slice(0, 20)
        .map(({ type, id }) => nina.expect('GET', `${type}/${id}`)),
    );
    for (const { headers } of heads) expect(headers.get('etag')).toBe('W/"1"');
  });
});

describe('a plaintext store that was deleted', () => {
  it('is built again from ledger and custodians, with nothing lost or changed', async () => {
    await program.stop();
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(program.data, 'north', `store.sqlite${suffix}`), { force: true });
    await program.start();
    const [patient] = patients() as [Imported];
    expect((await nina.request('GET', `Patient/${patient.id}`)).status).toBe(404);
    const rebuilt = JSON.parse(await program.expect('rebuild', 'north', '--json')) as { done: number };
    const isDirectory = ({ type }: Imported): boolean => type === 'Organization' || type === 'Practitioner';
    expect(rebuilt).toEqual({
      done: created().filter((each) => !isDirectory(each)).length,
      total: rebuilt.done,
      failed: 0,
    });
    expect(await differences(nina, imported)).toEqual([]);
    for (const type of typesOf(created()))
      expect(await storedAt(type), type).toBe(created().filter((each) => each.type === type).length);
  });
});

describe('a patient who grants everything', () => {
  const isAbout = (patient: Imported) => (each: Imported) =>
    each === patient || expectedText(each).includes(`"Patient/${patient.id}"`);

  it('lets a doctor of another hospital read the same as the author', async () => {
    const sven = await program.client('sven');
    const ends = new Set([patients()[0] as Imported, patients().at(-1) as Imported]);
    const users = ['pia', 'tor'].values();
    const chosen = [...ends].map((patient) => [users.next().value as string, patient] as const);
    for (const [user, patient] of chosen) {
      const about = created().filter(isAbout(patient));
      expect((await sven.request('GET', `Patient/${patient.id}`)).status).toBe(404);
      await program.run('enrol', user, '--patient', patient.id);
      const terms = ['--as', user, '--patient', patient.id, '--to', 'sven', '--sensitivities', '*'];
      await program.expect('grant', ...terms);
      expect(await differences(sven, about)).toEqual([]);
      const everything = new Set<unknown>();
      for await (const { resource } of sven.search(`Patient/${patient.id}/$everything`))
        everything.add(resource.id);
      expect(about.filter(({ id }) => !everything.has(id))).toEqual([]);
    }
  });
});

describe('the files of the organisations', () => {
  const ofPatient = ['Quillfeather', 'Odalys', 'MRN-4711', '12345678901234567890.0123456789'];
  const ofPractitioner = ['Private Lane', '555 0199', 'photo.test'];

  it('hold the patient’s words at the author alone, and a practitioner’s private ones nowhere', async () => {
    const letters = [...ofPatient, ...ofPractitioner];
    expect(await foundIn(filesOf(program.data, 'north'), letters)).toEqual(ofPatient.toSorted());
    for (const name of ['south', 'acme', 'authority'])
      expect(await foundIn(filesOf(program.data, name), letters), name).toEqual([]);
  });
});
