import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { control } from '@healthchain/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { runCommand, startProgram, type Program } from './support/program.ts';
import { patient, recordOf } from './support/resources.ts';

const KILLS = 2;

let program: Program;
/** A resource written before everything else, and its text as read then. */
let first: { readonly path: string; readonly text: string };

beforeAll(async () => {
  program = await startProgram();
  const nina = await program.client('nina');
  const { text } = await nina.expect('POST', 'Patient', JSON.stringify(patient('Crash', '19900101-0003')));
  const { id } = JSON.parse(text) as { id: string };
  const observation = JSON.stringify(recordOf('Observation', id, 'before every crash'));
  const written = await nina.expect('POST', 'Observation', observation);
  const path = `Observation/${(JSON.parse(written.text) as { id: string }).id}`;
  first = { path, text: (await nina.expect('GET', path)).text };
}, 120_000);
afterAll(async () => {
  await endWhatRuns();
  await program?.close();
});

describe('a second start', () => {
  it('is refused while the first runs, with the way out', async () => {
    const { code, stderr } = await program.run('up');
    expect(code).toBe(1);
    expect(stderr).toContain('ALREADY_RUNNING');
    expect(stderr).toContain('run.json');
  });

  it('elsewhere on the same ports is refused before anything is made, naming the port', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'healthchain-elsewhere-'));
    const port = program.state().organisations[0]?.port;
    const { code, stderr } = await runCommand('up', '--data', elsewhere, '--port', String(port));
    expect(code).toBe(1);
    expect(stderr).toContain(`PORT_IN_USE: Port ${port}`);
    expect(stderr).toContain('--port');
    expect(existsSync(join(elsewhere, 'consortium.json'))).toBe(false);
    rmSync(elsewhere, { recursive: true });
  });

  it('keeps data, mode and ports; a run file of a process that ended otherwise does not matter', async () => {
    await program.stop();
    const { code, stderr } = await program.run('status');
    expect(code).toBe(1);
    expect(stderr).toContain('NOT_RUNNING');
    writeFileSync(runFile(), JSON.stringify({ pid: process.pid, socket: '/nowhere', startedAt: '' }));
    await program.start();
    expect(program.state().cast).toBe(false);
    await readFirst();
  });

  it('with another port is refused: resources and tokens name the address', async () => {
    const { code, stderr } = await program.run('up', '--port', '9999');
    expect(code).toBe(2);
    expect(stderr).toContain(String(program.state().organisations[0]?.port));
  });
});

describe('kill -9 of the whole process under load', () => {
  it('loses nothing acknowledged, applies nothing by half, turns no session back, and leaves chains that verify', async () => {
    const printed = await program.expect(
      'hammer',
      '--json',
      '--kills',
      String(KILLS),
      '--seconds',
      '2',
      '--clients',
      '4',
    );
    const report = JSON.parse(printed) as HammerReport;
    expect(report).toMatchObject({ lost: [], altered: [], halfApplied: [], wentBack: [], kills: KILLS });
    expect(report.verified).toMatchObject({ ok: true });
    expect(report.acknowledged).toBeGreaterThan(0);
    expect(report.readyMs).toHaveLength(KILLS);
    await readFirst();
  }, 240_000);

  it('what the hammer started again ends on SIGTERM and leaves no run file', async () => {
    expect(await endWhatRuns()).toBe(true);
    expect(existsSync(runFile())).toBe(false);
    expect(readFileSync(join(program.data, 'up.log'), 'utf8')).toContain('Stopping');
  });
});

interface HammerReport {
  readonly acknowledged: number;
  readonly readyMs: readonly number[];
  readonly verified: unknown;
}

async function readFirst(): Promise<void> {
  const nina = await program.client('nina');
  expect((await nina.expect('GET', first.path)).text).toBe(first.text);
}

/** Ends what answers on the control socket: after the hammer that is not the process that the story started. */
async function endWhatRuns(): Promise<boolean> {
  const running = await control<{ pid: number }>(program.data, 'process').catch(() => undefined);
  if (running === undefined) return false;
  process.kill(running.pid, 'SIGTERM');
  await eventually('its end', () => Promise.resolve(isAlive(running.pid) ? undefined : true));
  return true;
}

function runFile(): string {
  return join(program.data, 'run.json');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
