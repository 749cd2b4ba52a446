import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '@healthchain/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diskFiles } from '../storage/index.ts';
import { BlockStore } from './block-store.ts';

const BLOCKS = 5;
/** 48 bytes of header and `block n`. */
const FRAME_BYTES = 55;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'block-store-'));
  const store = await BlockStore.open(diskFiles, directory);
  for (let number = 0; number < BLOCKS; number++) await store.append(number, [utf8(`block ${number}`)]);
  await store.close();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function blocks(): Promise<string[]> {
  const store = await BlockStore.open(diskFiles, directory);
  const found: string[] = [];
  for (let number = 0; number < store.height; number++)
    found.push(Buffer.from(await store.block(number)).toString());
  await store.close();
  return found;
}

const ALL = Array.from({ length: BLOCKS }, (_, number) => `block ${number}`);

describe('BlockStore', () => {
  it('keeps blocks over a restart', async () => {
    expect(await blocks()).toEqual(ALL);
  });

  it('makes the places of its blocks again where they are damaged or gone', async () => {
    const path = join(directory, 'places');
    const whole = await readFile(path);
    for (let offset = 0; offset < whole.length; offset += 3) {
      const damaged = Buffer.from(whole);
      damaged[offset] = (damaged[offset] ?? 0) ^ 0x80;
      await writeFile(path, damaged);
      expect(await blocks()).toEqual(ALL);
      expect(await readFile(path)).toEqual(whole);
    }
    await rm(path);
    expect(await blocks()).toEqual(ALL);
    await writeFile(path, whole.subarray(0, -5));
    expect(await blocks()).toEqual(ALL);
  });

  it('refuses and names a damaged block that others follow', async () => {
    const path = join(directory, 'blocks', '000000.blocks');
    const bytes = await readFile(path);
    const length = bytes.length / BLOCKS;
    bytes[2 * length - 1] = (bytes[2 * length - 1] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const store = await BlockStore.open(diskFiles, directory);
    await expect(store.block(1)).rejects.toMatchObject({ code: 'BLOCK_CORRUPT', details: { number: 1 } });
    await store.close();
  });

  it('refuses a damaged last block of a store that was closed', async () => {
    await spoilFrame(BLOCKS - 1);
    await expect(BlockStore.open(diskFiles, directory)).rejects.toMatchObject({ code: 'BLOCK_CORRUPT' });
  });

  it('ends before the first damage of what was not synced when it was interrupted, and not before that', async () => {
    const store = await BlockStore.open(diskFiles, directory);
    await store.sync();
    for (const number of [5, 6, 7]) await store.append(number, [utf8(`block ${number}`)]);
    await store.close();
    await spoilFrame(6);
    await spoilFrame(1);
    await writeFile(join(directory, 'in-use'), '');
    const left = await BlockStore.open(diskFiles, directory);
    expect(left.height).toBe(6);
    await expect(left.block(1)).rejects.toMatchObject({ code: 'BLOCK_CORRUPT' });
    await left.append(6, [utf8('block 6 again')]);
    expect(Buffer.from(await left.block(5)).toString()).toBe('block 5');
    await left.close();
  });
});

/** Changes the last byte of a block; all frames here have one length. */
async function spoilFrame(number: number): Promise<void> {
  const path = join(directory, 'blocks', '000000.blocks');
  const bytes = await readFile(path);
  const end = (number + 1) * FRAME_BYTES - 1;
  bytes.writeUInt8(bytes.readUInt8(end) ^ 1, end);
  await writeFile(path, bytes);
}
