import { userOf, type FhirClient } from '@healthchain/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startConsortium, type StoryConsortium } from './support/consortium.ts';
import { accessesIn, exportedLog } from './support/exported-log.ts';
import { broughtBy, PROBES, type Probe } from './support/probes.ts';
import { admit, deny, type Stay } from './support/ward.ts';

const HOUR_MS = 3_600_000;

let story: StoryConsortium;
let stay: Stay;
let sofia: FhirClient;
let passed = 0;

beforeAll(async () => {
  story = await startConsortium({ clock: () => new Date(Date.now() + passed) });
  stay = await admit(story);
  sofia = await story.client('sofia');
});
afterAll(() => story?.close());

const read = async (client: FhirClient, probe = 'read') => {
  const { status, text } = await (PROBES[probe] as Probe).ask(client, stay);
  return { status, brought: broughtBy(text, stay) };
};
const breakGlass = (client: FhirClient, parameter: readonly object[], patientId = stay.patientId) =>
  client.request(
    'POST',
    `Patient/${patientId}/$break-glass`,
    JSON.stringify({ resourceType: 'Parameters', parameter }),
  );
const UNCONSCIOUS = [{ name: 'reason', valueCode: 'UNCONSCIOUS' }];
const REFUSED = { status: 404, brought: [] };

describe('an emergency', () => {
  it('needs a coded reason', async () => {
    const reasons = [
      [],
      [{ name: 'reason', valueCode: 'CURIOUS' }],
      [{ name: 'reason', valueString: 'he is unconscious' }],
      [{ name: 'why', valueCode: 'UNCONSCIOUS' }],
    ];
    for (const parameter of reasons) {
      const { status, text } = await breakGlass(sofia, parameter);
      expect([400, 422]).toContain(status);
      expect(text).toContain('UNCONSCIOUS');
    }
    expect((await sofia.request('POST', `Patient/${stay.patientId}/$break-glass`, '')).status).toBe(400);
    expect(await read(sofia)).toEqual(REFUSED);
  });

  it('is not for everyone, nor about a patient whom nobody knows', async () => {
    for (const user of ['clara', 'paul', 'anna', 'remy']) {
      const client = await story.client(user);
      expect((await breakGlass(client, UNCONSCIOUS)).status, user).toBe(403);
    }
    expect((await breakGlass(sofia, UNCONSCIOUS, crypto.randomUUID())).status).toBe(404);
    expect(await read(sofia)).toEqual(REFUSED);
  });

  it('opens without a grant, and against a deny, what is N and R, to the one who opened it', async () => {
    await deny(story, stay.patient, stay, 'sofia');
    const { status, text } = await breakGlass(sofia, UNCONSCIOUS);
    expect(status, text).toBe(200);
    const { parameter } = JSON.parse(text) as { parameter: { name: string; valueInstant?: string }[] };
    const until = parameter.find(({ name }) => name === 'until')?.valueInstant ?? '';
    expect(Math.abs(Date.parse(until) - Date.now() - 4 * HOUR_MS)).toBeLessThan(60_000);
    const { code, who } = await lastLine();
    expect([code, who]).toEqual(['110127', `SouthMSP/${userOf(story.consortium.state, 'sofia').userId}`]);
    expect(await read(sofia)).toEqual({ status: 200, brought: ['potassium'] });
    expect(await read(sofia, 'read of what is labelled R')).toEqual({ status: 200, brought: ['hiv'] });
    const everything = await read(sofia, '$everything');
    expect(everything.brought).toEqual(Object.keys(stay.markers).toSorted());
    expect(await read(await story.client('sven'))).toEqual(REFUSED);
  });

  it('reads and does not write', async () => {
    const body = { resourceType: 'Observation', status: 'final', code: { text: 'x' } };
    const subject = { reference: `Patient/${stay.patientId}` };
    for (const client of [sofia, await story.client('sofia', { purpose: 'ETREAT' })]) {
      const { status } = await client.request('POST', 'Observation', JSON.stringify({ ...body, subject }));
      expect(status).toBe(403);
    }
  });

  it('stands in the ledger before every release in every custodian’s log', async () => {
    const care = await exportedLog(stay);
    const releases = accessesIn(care).filter(
      ({ emergency, kind }) => emergency !== undefined && kind === 'released',
    );
    expect(new Set(releases.map(({ custodian }) => custodian)).size).toBeGreaterThanOrEqual(2);
    const opened = await heightOf(new Set(releases.map(({ emergency }) => emergency)));
    for (const { custodian, height } of releases) expect(height, custodian).toBeGreaterThanOrEqual(opened);
  });

  it('is in the patient’s log before anything was read, with who opened it and why', async () => {
    const lines = await linesOfLog();
    const opened = lines.filter(({ code }) => code === '110127');
    const releases = lines.filter(({ outcomeDesc }) => outcomeDesc === 'released: EMERGENCY');
    expect(opened.map(({ outcomeDesc }) => outcomeDesc)).toEqual([
      'emergency opened: UNCONSCIOUS; not reviewed yet',
    ]);
    expect(releases).toHaveLength(3);
    for (const { recorded, who } of releases) {
      expect(recorded > (opened[0]?.recorded ?? '')).toBe(true);
      expect(who).toBe(opened[0]?.who);
    }
  });

  it('ends by itself after four hours', async () => {
    passed = 4 * HOUR_MS - 60_000;
    expect(await read(sofia)).toEqual({ status: 200, brought: ['potassium'] });
    passed = 4 * HOUR_MS + 60_000;
    expect(await read(sofia)).toEqual(REFUSED);
    expect(await read(await story.client('sofia', { purpose: 'ETREAT' }))).toEqual(REFUSED);
    passed = 0;
  });
});

interface Line {
  readonly code: string;
  readonly recorded: string;
  readonly outcomeDesc: string;
  readonly who: string;
}

/** Newest first. */
async function linesOfLog(): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const { resource } of stay.patient.search(`AuditEvent?patient=${stay.patientId}`)) {
    const { issue } = JSON.parse(
      (await stay.patient.expect('POST', 'AuditEvent/$validate', JSON.stringify(resource))).text,
    ) as { issue: { severity: string; diagnostics: string }[] };
    expect(issue.filter(({ severity }) => severity === 'error')).toEqual([]);
    const { subtype, recorded, outcomeDesc, agent } = resource as unknown as AuditEvent;
    const who = agent[0].who.identifier.value;
    lines.push({ code: subtype[0].code, recorded, outcomeDesc, who });
  }
  return lines;
}

interface AuditEvent {
  readonly subtype: readonly [{ readonly code: string }];
  readonly recorded: string;
  readonly outcomeDesc: string;
  readonly agent: readonly [{ readonly who: { readonly identifier: { readonly value: string } } }];
}

async function lastLine(): Promise<Line> {
  const [line] = (await linesOfLog()).filter(({ outcomeDesc }) => outcomeDesc !== 'log-read');
  if (line === undefined) throw new Error('The log is empty');
  return line;
}

/** The block that holds the transaction, of the own peer of the patient's organisation. */
async function heightOf(transactions: ReadonlySet<string | undefined>): Promise<number> {
  const { engine } = story.consortium;
  const [transaction] = transactions;
  expect(transactions.size).toBe(1);
  for (let number = 0; ; number++) {
    const block = await engine.block('peer0.authority', 'care', number);
    if (Buffer.from(block).includes(String(transaction))) return number;
  }
}
