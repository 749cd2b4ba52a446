import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemDisk } from '../storage/disk.ts';
import { filesOn, type FileStore } from '../storage/files.ts';
import { Draws } from './draws.ts';
import { PowerCutDisk } from './power-cut-disk.ts';

const SEEDS = Array.from({ length: 40 }, (_, i) => i);

let folder: string;
let live: string;
let disk: PowerCutDisk;
let files: FileStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'power-cut-disk-'));
  live = join(folder, 'live');
  mkdirSync(live);
  disk = new PowerCutDisk(() => undefined);
  files = filesOn(disk);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Each different content that a power cut can leave of a file, by the seeds above. */
function leftOf(name: string): Set<string> {
  return new Set(
    SEEDS.map((seed) => {
      const image = join(folder, `image-${seed}-${name}`);
      disk.imageTo(live, image, new Draws(seed));
      try {
        return readFileSync(join(image, name), 'latin1');
      } catch {
        return 'gone';
      } finally {
        rmSync(image, { recursive: true });
      }
    }),
  );
}

describe('a disk whose power is cut', () => {
  it('keeps what was synced, and any part of what was not', async () => {
    const file = await files.open(join(live, 'a'));
    await file.append([Buffer.alloc(700, 'd')]);
    await file.sync();
    expect(leftOf('a')).toEqual(new Set(['d'.repeat(700)]));
    await file.append([Buffer.alloc(2000, 'n')]);
    const left = leftOf('a');
    for (const content of left) expect(content.startsWith('d'.repeat(700))).toBe(true);
    expect(left).toContain('d'.repeat(700));
    expect(left).toContain('d'.repeat(700) + 'n'.repeat(2000));
    expect([...left].some((content) => /n\0+n/.test(content))).toBe(true);
    expect(left.size).toBeGreaterThan(10);
    await file.close();
  });

  it('leaves of a log what was synced and any part of what was not, with zeros behind it or none', async () => {
    const file = await files.openLog(join(live, 'a'));
    await file.append([Buffer.alloc(700, 'd')]);
    await file.sync();
    const room = (content: string) => content.replace(/\0+$/, '');
    const durable = leftOf('a');
    expect(new Set([...durable].map(room))).toEqual(new Set(['d'.repeat(700)]));
    expect(durable.size).toBe(2);
    await file.append([Buffer.alloc(2000, 'n')]);
    const left = [...leftOf('a')].map(room);
    for (const content of left) expect(content.startsWith('d'.repeat(700))).toBe(true);
    expect(left).toContain('d'.repeat(700));
    expect(left).toContain('d'.repeat(700) + 'n'.repeat(2000));
    expect(left.some((content) => /\0+n/.test(content))).toBe(true);
    await file.close();
  });

  it('does not count a sync that has not returned, nor bytes written after it began', async () => {
    const file = await files.open(join(live, 'a'));
    await file.append([Buffer.from('one')]);
    const syncing = file.sync();
    expect(leftOf('a').size).toBeGreaterThan(1);
    await file.append([Buffer.from('two')]);
    await syncing;
    for (const content of leftOf('a')) expect(content).toMatch(/^one/);
    expect(leftOf('a')).toContain('one');
    await file.close();
  });

  it('keeps a name only once its folder has been synced', async () => {
    const file = await disk.open(join(live, 'a'), 'append');
    await file.append([Buffer.from('kept')]);
    await file.sync();
    expect(leftOf('a')).toEqual(new Set(['kept', 'gone']));
    await disk.syncFolder(live);
    expect(leftOf('a')).toEqual(new Set(['kept']));
    await file.close();
  });

  it('gives the old content, the new one or a removed file back until the folder has been synced', async () => {
    await files.replace(join(live, 'a'), Buffer.from('old'));
    await files.replace(join(live, 'b'), Buffer.from('new'));
    await disk.rename(join(live, 'b'), join(live, 'a'));
    expect(leftOf('a')).toEqual(new Set(['old', 'new']));
    await disk.syncFolder(live);
    expect(leftOf('a')).toEqual(new Set(['new']));
    await disk.remove(join(live, 'a'));
    expect(leftOf('a')).toEqual(new Set(['new', 'gone']));
    await disk.syncFolder(live);
    expect(leftOf('a')).toEqual(new Set(['gone']));
  });
});

describe('the files of a store', () => {
  it('are durable when their calls return', async () => {
    const deep = join(live, 'x', 'y');
    await files.makeDirectory(deep);
    await (await files.open(join(deep, 'f'))).close();
    expect(leftOf(join('x', 'y', 'f'))).toEqual(new Set(['']));
    await files.replace(join(deep, 'f'), Buffer.from('1'));
    expect(leftOf(join('x', 'y', 'f'))).toEqual(new Set(['1']));
    await files.remove(join(deep, 'f'));
    expect(leftOf(join('x', 'y', 'f'))).toEqual(new Set(['gone']));
    expect(await systemDisk.list(deep)).toEqual([]);
  });
});
