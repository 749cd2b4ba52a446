import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskFiles, type FileStore } from '../storage/index.ts';
import type { SigningRecord } from './records.ts';
import { SigningLog } from './signing-log.ts';

const RECORDS: readonly SigningRecord[] = [3, 4, 5].map((turn) => ({ kind: 'voted', height: 7, turn }));
const FRAME_HEADER_BYTES = 48;

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signing-log-'));
  file = join(directory, '000000.signing');
  const { log } = await SigningLog.open(diskFiles, directory);
  for (const record of RECORDS) await log.append([record]);
  await log.close();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function recordsAfterOpening(): Promise<readonly SigningRecord[]> {
  const { log, records } = await SigningLog.open(diskFiles, directory);
  await log.close();
  return records;
}

/** As a power cut leaves it. */
const interrupt = () => writeFile(join(directory, 'in-use'), '');

async function flip(offset: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

describe('SigningLog', () => {
  it('makes durable what a killed process had only written before it gives it back', async () => {
    let synced = 0;
    const files: FileStore = {
      ...diskFiles,
      async openLog(path) {
        const opened = await diskFiles.openLog(path);
        const sync = async (): Promise<void> => {
          await opened.sync();
          synced += path === file ? 1 : 0;
        };
        return {
          ...opened,
          size: opened.size,
          read: (at, length) => opened.read(at, length),
          close: () => opened.close(),
          append: (chunks) => opened.append(chunks),
          truncate: (size) => opened.truncate(size),
          sync,
        };
      },
    };
    await interrupt();
    const { log, records } = await SigningLog.open(files, directory);
    expect(records).toEqual(RECORDS);
    expect(synced).toBe(1);
    await log.close();
  });

  it('gives back what was appended, over files', async () => {
    const { log } = await SigningLog.open(diskFiles, directory);
    await log.rotate(8);
    await log.append([{ kind: 'voted', height: 8, turn: 0 }]);
    await log.close();
    expect(await recordsAfterOpening()).toEqual([...RECORDS, { kind: 'voted', height: 8, turn: 0 }]);
  });

  it('drops a file once its heights are durable elsewhere, and not before', async () => {
    const { log } = await SigningLog.open(diskFiles, directory);
    await log.rotate(7);
    await log.rotate(7);
    expect((await readdir(directory)).filter((name) => name.endsWith('.signing'))).toHaveLength(3);
    await log.rotate(8);
    expect((await readdir(directory)).filter((name) => name.endsWith('.signing'))).toHaveLength(2);
    await log.close();
    expect(await recordsAfterOpening()).toEqual([]);
  });

  it.each([
    ['within its payload', FRAME_HEADER_BYTES + 1],
    ['within its header', FRAME_HEADER_BYTES - 1],
  ])('cuts a last write that the power cut short, %s', async (_, kept) => {
    await interrupt();
    const before = ((await readFile(file)).length / RECORDS.length) * 2;
    await truncate(file, before + kept);
    expect(await recordsAfterOpening()).toEqual(RECORDS.slice(0, 2));
    expect((await readFile(file)).length).toBe(before);
  });

  it.each([
    ['nothing but zeros', Buffer.alloc(4096)],
    ['its end alone', Buffer.concat([Buffer.alloc(512), Buffer.alloc(300, 7)])],
  ])('cuts a last write of which the disk holds %s', async (_, written) => {
    await interrupt();
    await appendFile(file, written);
    expect(await recordsAfterOpening()).toEqual(RECORDS);
  });

  it.each([
    ['the first record', 0],
    ['a record between others', 1],
    ['the last record', 2],
  ])('refuses and names damage in %s', async (_, index) => {
    const length = (await readFile(file)).length / RECORDS.length;
    for (const within of [0, 20, length - 1]) {
      await flip(index * length + within);
      await expect(SigningLog.open(diskFiles, directory)).rejects.toMatchObject({
        code: 'SIGNING_CORRUPT',
        details: { file, offset: index * length },
      });
      await flip(index * length + within);
    }
    expect(await recordsAfterOpening()).toEqual(RECORDS);
  });

  it('refuses a last write that is cut short although the log was closed', async () => {
    await truncate(file, (await readFile(file)).length - 1);
    await expect(SigningLog.open(diskFiles, directory)).rejects.toMatchObject({ code: 'SIGNING_CORRUPT' });
  });

  it('refuses damage before the last write, interrupted or not', async () => {
    await interrupt();
    await flip((await readFile(file)).length / RECORDS.length);
    await expect(SigningLog.open(diskFiles, directory)).rejects.toMatchObject({ code: 'SIGNING_CORRUPT' });
  });

  it('keeps the records of one write together', async () => {
    const { log } = await SigningLog.open(diskFiles, directory);
    const together: SigningRecord[] = [6, 7].map((turn) => ({ kind: 'voted', height: 9, turn }));
    await log.append(together);
    await log.close();
    expect(await recordsAfterOpening()).toEqual([...RECORDS, ...together]);
    await interrupt();
    await truncate(file, (await readFile(file)).length - 1);
    expect(await recordsAfterOpening()).toEqual(RECORDS);
  });

  it('refuses a tail that is missing from a file that another follows', async () => {
    const { log } = await SigningLog.open(diskFiles, directory);
    await log.rotate(8);
    await log.close();
    await truncate(file, (await readFile(file)).length - 1);
    await expect(SigningLog.open(diskFiles, directory)).rejects.toMatchObject({ code: 'SIGNING_CORRUPT' });
  });
});
