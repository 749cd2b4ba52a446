import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliError } from '../error.ts';
import { control, readRunFile } from './client.ts';
import { runFilePath } from './protocol.ts';
import { serveControl } from './server.ts';

const folder = (): string => mkdtempSync(join(tmpdir(), 'healthchain-control-'));

describe('control', () => {
  it('carries results, progress and coded errors with their hint', async () => {
    const data = folder();
    const server = await serveControl(data, {
      add: (params, progress) => {
        progress('adding');
        return Promise.resolve(Number(params['a']) + Number(params['b']));
      },
      refuse: () =>
        Promise.reject(new CliError('UNKNOWN_USER', 'no such user', { details: { hint: 'try maria' } })),
    });
    const lines: string[] = [];
    expect(await control(data, 'add', { a: 1, b: 2 }, (line) => lines.push(line))).toBe(3);
    expect(lines).toEqual(['adding']);
    await expect(control(data, 'refuse')).rejects.toMatchObject({
      message: 'no such user',
      details: { code: 'UNKNOWN_USER', hint: 'try maria' },
    });
    await expect(control(data, 'toString')).rejects.toThrow(/no control method/);
    await server.close();
    await expect(control(data, 'add')).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });

  it('lets nobody but the owner open the socket', async () => {
    const data = folder();
    const server = await serveControl(data, {});
    expect(statSync(readRunFile(data)?.socket ?? '').mode & 0o777).toBe(0o600);
    await server.close();
  });

  it('takes the run file of an ended process for none', () => {
    const data = folder();
    writeFileSync(runFilePath(data), JSON.stringify({ pid: 2 ** 30, socket: '/nowhere', startedAt: '' }));
    expect(readRunFile(data)).toBeUndefined();
  });
});
