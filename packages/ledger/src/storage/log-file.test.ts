import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLogFile } from './log-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-file-'));
  path = join(folder, 'log');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('a log file', () => {
  it('has room behind its content, which is neither read nor counted, and gives it back', async () => {
    const file = await openLogFile(path, 'append');
    await file.append([Buffer.from('one'), Buffer.from('two')]);
    const { size: withRoom } = await stat(path);
    expect(withRoom).toBeGreaterThan(6);
    expect(file.size).toBe(6);
    await file.append([Buffer.from('three')]);
    expect((await stat(path)).size).toBe(withRoom);
    expect(text(await file.read(0, 100))).toBe('onetwothree');
    expect(text(await file.read(20, 10))).toBe('');
    await file.close();
    expect(text(await readFile(path))).toBe('onetwothree');
  });

  it('goes on where a process that was killed has stopped writing', async () => {
    const killed = await openLogFile(path, 'append');
    await killed.append([Buffer.from('one')]);
    const image = join(folder, 'image');
    await writeFile(image, await readFile(path));
    await killed.close();
    const file = await openLogFile(image, 'append');
    expect(file.size).toBe(3);
    await file.append([Buffer.from('two')]);
    await file.close();
    expect(text(await readFile(image))).toBe('onetwo');
  });

  it('finds the end of its content behind more room than it looks at once', async () => {
    await writeFile(path, Buffer.concat([Buffer.from('one'), Buffer.alloc(200_000)]));
    const reader = await openLogFile(path, 'read');
    expect(reader.size).toBe(3);
    await reader.close();
    expect((await stat(path)).size).toBe(200_003);
    await appendFile(path, 'x');
    const file = await openLogFile(path, 'append');
    expect(file.size).toBe(200_004);
    await file.truncate(2);
    await file.append([Buffer.from('!')]);
    await file.close();
    expect(text(await readFile(path))).toBe('on!');
  });

  it('takes long writes without room, and nothing but zeros for empty', async () => {
    await writeFile(path, Buffer.alloc(1000));
    const file = await openLogFile(path, 'append');
    expect(file.size).toBe(0);
    const long = Buffer.alloc(300_000, 'x');
    await file.append([long]);
    expect((await stat(path)).size).toBe(long.length);
    expect(Buffer.compare(await file.read(0, long.length), long)).toBe(0);
    await file.close();
  });
});
