import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { userOf, type FhirClient } from '@healthchain/cli';
import { parseEntry } from '@healthchain/custody';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportedLog } from './support/exported-log.ts';
import { broughtBy, PROBES, type Probe } from './support/probes.ts';
import { startProgram, type Program } from './support/program.ts';
import { writeRecords, type Records } from './support/ward.ts';

/** Routine entries are checkpointed within 10 s; each look at the log is an entry itself, so looks are rare. */
const CHECKPOINT_DEADLINE_MS = 60_000;
const LOOK_MS = 2_000;

let program: Program;
let records: Records;
let patient: FhirClient;
let sven: FhirClient;
const seen = new Set<string>();

beforeAll(async () => {
  program = await startProgram();
  records = await writeRecords(await program.client('nina'));
  await program.expect('enrol', 'pat', '--patient', records.patientId);
  patient = await program.client('pat');
  sven = await program.client('sven');
  await linesSince();
});
afterAll(() => program?.close());

interface Line {
  readonly who: string;
  readonly refused: boolean;
  /** Names of the records, `patient` for the Patient itself. */
  readonly records: readonly string[];
}

/** What came into the patient's log since the last call, but for the patient's own looks at it. */
async function linesSince(): Promise<Line[]> {
  const lines: Line[] = [];
  const names = new Map([
    [records.patientId, 'patient'],
    ...Object.entries(records.ids).map(([name, id]) => [id, name] as const),
  ]);
  for await (const { resource } of patient.search(`AuditEvent?patient=${records.patientId}&_count=1000`)) {
    const { id, outcome, outcomeDesc, agent, entity } = resource as unknown as AuditEvent;
    if (seen.has(id)) continue;
    seen.add(id);
    if (outcomeDesc === 'log-read') continue;
    const text = JSON.stringify(entity.filter(({ role }) => role.code === '4'));
    const named = [...names].filter(([recordId]) => text.includes(recordId)).map(([, name]) => name);
    lines.push({ who: agent[0].who.identifier.value, refused: outcome === '8', records: named.toSorted() });
  }
  return lines;
}

interface AuditEvent {
  readonly id: string;
  readonly outcome: string;
  readonly outcomeDesc: string;
  readonly agent: readonly [{ readonly who: { readonly identifier: { readonly value: string } } }];
  readonly entity: readonly { readonly role: { readonly code: string } }[];
}

const nameOf = (handle: string): string => `SouthMSP/${userOf(program.state(), handle).userId}`;
const ALL = ['asthma', 'encounter', 'hiv', 'hivReport', 'patient', 'potassium', 'pulse', 'report', 'sodium'];
const OPEN = ['potassium', 'report', 'sodium'];

/** Every way of reading, what it asks for about this patient, and what of that a grant of the laboratory opens. */
const ASKED: Readonly<
  Record<string, { readonly asked: readonly string[]; readonly open: readonly string[] }>
> = {
  read: { asked: ['potassium'], open: ['potassium'] },
  'read of what is labelled R': { asked: ['hiv'], open: [] },
  'read of the patient': { asked: ['patient'], open: [] },
  vread: { asked: ['potassium'], open: ['potassium'] },
  history: { asked: ['potassium'], open: ['potassium'] },
  chain: { asked: ALL, open: OPEN },
  $everything: { asked: ALL, open: OPEN },
};

const union = (lines: readonly Line[]): string[] =>
  [...new Set(lines.flatMap((line) => line.records))].sort();

async function logsEveryRead(granted: boolean): Promise<void> {
  for (const [name, { asked, open }] of Object.entries(ASKED)) {
    const { text } = await (PROBES[name] as Probe).ask(sven, records);
    expect(broughtBy(text, records).length > 0, name).toBe(granted && open.length > 0);
    const lines = await linesSince();
    expect(new Set(lines.map(({ who }) => who)), name).toEqual(new Set([nameOf('sven')]));
    const released = lines.filter(({ refused }) => !refused);
    expect(union(released), name).toEqual(granted ? open : []);
    expect(union(lines), name).toEqual(asked);
  }
}

describe('the patient’s log', () => {
  it('shows every refusal, with who asked for what', () => logsEveryRead(false));

  it('shows every release, and what was refused beside it', async () => {
    const terms = ['--patient', records.patientId, '--to', 'sven', '--categories', 'laboratory'];
    const consent = (await program.expect('grant', '--as', 'pat', ...terms)).trim();
    await logsEveryRead(true);
    await program.expect('revoke', '--as', 'pat', consent);
    await logsEveryRead(false);
  });

  it('shows an emergency and what was read under it', async () => {
    const sofia = await program.client('sofia');
    const parameter = [{ name: 'reason', valueCode: 'UNCONSCIOUS' }];
    const body = JSON.stringify({ resourceType: 'Parameters', parameter });
    await sofia.expect('POST', `Patient/${records.patientId}/$break-glass`, body);
    const who = nameOf('sofia');
    expect(await linesSince()).toEqual([{ who, refused: false, records: [] }]);
    await sofia.expect('GET', `Observation/${records.ids.hiv}`);
    expect(await linesSince()).toEqual([{ who, refused: false, records: ['hiv'] }]);
  });

  it('shows nobody else’s reading, and to nobody else', async () => {
    const other = await program.client('maria');
    for (const path of [
      `AuditEvent?patient=${records.patientId}`,
      `Patient/${records.patientId}/$access-log`,
    ])
      expect([403, 404], path).toContain((await other.request('GET', path)).status);
    expect((await sven.request('GET', `Patient/${records.patientId}/$access-log`)).status).toBe(403);
  });
});

describe('the export of the log', () => {
  const file = (name: string): string => join(program.data, name);
  const verify = (
    bundle: string,
    files: { genesis?: string; blocks?: string } = {},
  ): ReturnType<Program['run']> =>
    program.run(
      'verify',
      '--offline',
      '--json',
      '--bundle',
      file(bundle),
      '--genesis',
      file(files.genesis ?? 'care.genesis'),
      '--blocks',
      file(files.blocks ?? 'care.blocks'),
    );

  beforeAll(async () => {
    const terms = ['--as', 'pat', '--patient', records.patientId, '--export', file('log.json')];
    await checkpointed();
    await program.expect('access-log', ...terms);
    await program.expect('genesis', '--channel', 'care', '--out', file('care.genesis'));
    await program.expect('blocks', '--from', 'south', '--channel', 'care', '--out', file('care.blocks'));
    await program.stop();
  });

  it('proves every access, from genesis block, fetched blocks and export alone', async () => {
    const { code, stdout, stderr } = await verify('log.json');
    expect(code, stderr).toBe(0);
    const { ok, chain, log } = JSON.parse(stdout) as OfflineReport;
    expect([ok, chain.channel, chain.findings]).toEqual([true, 'care', []]);
    const breaches = log.findings.filter(({ severity }) => severity === 'breach');
    expect(breaches).toEqual([]);
    const statuses = new Set(log.accesses.map(({ status }) => status));
    expect(statuses).toEqual(new Set(['proved', 'refused', 'stated', 'noted']));
  });

  it.each([0, 1, 2])('names what was taken out of the log of custodian %i', async (custodian) => {
    const exported = JSON.parse(readFileSync(file('log.json'), 'utf8')) as Exported;
    const log = exported.channels[0].bundle.custodians[
      custodian
    ] as Exported['channels'][0]['bundle']['custodians'][0];
    const kinds = log.entries.map(({ text }) => parseEntry(text).kind);
    const place = Math.max(0, kinds.indexOf('released'));
    const [removed] = log.entries.splice(place, 1);
    const { requestId, number, kind } = parseEntry(removed?.text ?? '');
    writeFileSync(file('cut.json'), JSON.stringify(exported));
    const { code, stdout } = await verify('cut.json');
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as OfflineReport;
    expect(report.ok).toBe(false);
    const named = report.log.findings.find(({ code }) => code === 'ENTRY_REMOVED');
    expect(named).toMatchObject({ severity: 'breach', custodian: log.custodian, number });
    if (kind === 'released') expect(named).toMatchObject({ requestId });
  });

  it('is not judged against blocks that were changed, or of another genesis block', async () => {
    const blocks = readFileSync(file('care.blocks'));
    const middle = Math.floor(blocks.length / 2);
    blocks[middle] = (blocks[middle] as number) ^ 1;
    writeFileSync(file('changed.blocks'), blocks);
    const changed = await verify('log.json', { blocks: 'changed.blocks' });
    expect(changed.code).toBe(1);
    expect(changed.stdout + changed.stderr).toMatch(/block|blocks/);
    await program.expect('genesis', '--channel', 'consortium', '--out', file('other.genesis'));
    const other = await verify('log.json', { genesis: 'other.genesis' });
    expect(other.code).toBe(1);
    expect(other.stdout).toContain('it is not the given genesis block');
  });
});

interface OfflineReport {
  readonly ok: boolean;
  readonly chain: { readonly channel: string; readonly findings: readonly unknown[] };
  readonly log: {
    readonly findings: readonly { readonly severity: string; readonly code: string }[];
    readonly accesses: readonly { readonly status: string }[];
  };
}

interface Exported {
  readonly channels: readonly [
    {
      readonly bundle: {
        readonly custodians: readonly [
          { readonly custodian: string; readonly entries: { readonly text: string }[] },
        ];
      };
    },
  ];
}

/** Until every access but the looks at the log is under a checkpoint, at every custodian. */
async function checkpointed(): Promise<void> {
  const giveUp = Date.now() + CHECKPOINT_DEADLINE_MS;
  for (;;) {
    const { custodians } = await exportedLog({ patient, patientId: records.patientId });
    const open = custodians.flatMap(({ uncheckpointed }) =>
      uncheckpointed.map(({ text }) => parseEntry(text)),
    );
    const isProven = custodians.every(({ entries }) => entries.length > 0);
    if (isProven && open.every(({ kind }) => kind === 'log-read')) return;
    if (Date.now() > giveUp) throw new Error('The custodians made no checkpoints');
    await delay(LOOK_MS);
  }
}
