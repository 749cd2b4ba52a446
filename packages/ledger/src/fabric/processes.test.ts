import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Processes } from './processes.ts';

const logs = () => mkdtempSync(join(tmpdir(), 'processes-'));
const shell = (script: string) => ({ path: '/bin/sh', args: ['-c', script], env: { GREETING: 'hallo' } });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('Processes', () => {
  it('keeps what a process writes and hands it only its own environment', async () => {
    process.env['CORE_PEER_LEAK'] = 'leaked';
    const processes = new Processes(logs());
    processes.start('greeter', shell('echo "$GREETING $CORE_PEER_LEAK"; exec sleep 60'));
    await processes.until('greeting', ['greeter'], 5_000, async () =>
      readFileSync(processes.logOf('greeter'), 'utf8').includes('hallo \n'),
    );
    await processes.stopAll();
    delete process.env['CORE_PEER_LEAK'];
    expect(processes.isRunning('greeter')).toBe(false);
  });

  it('tells at once when a needed process has ended, with the end of its log', async () => {
    const processes = new Processes(logs());
    processes.start('broken', shell('echo "bad configuration"; exit 1'));
    const waiting = processes.until('never', ['broken'], 60_000, async () => false);
    await expect(waiting).rejects.toThrow(/broken ended[\s\S]*bad configuration/);
    await processes.stopAll();
  });

  it('gives up after the limit and keeps the last error', async () => {
    const processes = new Processes(logs());
    const cause = new Error('not yet');
    const waiting = processes.until('a wonder', [], 10, () => Promise.reject(cause));
    await expect(waiting).rejects.toMatchObject({ code: 'FABRIC_TIMEOUT', cause });
    await processes.stopAll();
  });

  it('ends its processes when its own program is ended by a signal', async () => {
    const folder = logs();
    const script = `
      const { Processes } = await import(${JSON.stringify(new URL('./processes.ts', import.meta.url).href)});
      const processes = new Processes(${JSON.stringify(folder)});
      processes.start('child', { path: '/bin/sh', args: ['-c', 'echo $$; exec sleep 60'], env: {} });
      await processes.until('pid', ['child'], 5000, async () => (await import('node:fs')).readFileSync(processes.logOf('child'), 'utf8') !== '');
      console.log('ready');
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((done) => parent.stdout.once('data', done));
    const pid = Number(readFileSync(join(folder, 'child.log'), 'utf8'));
    expect(isAlive(pid)).toBe(true);
    const ended = new Promise<NodeJS.Signals | null>((done) =>
      parent.once('exit', (_, signal) => done(signal)),
    );
    parent.kill('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    expect(isAlive(pid)).toBe(false);
  });
});
