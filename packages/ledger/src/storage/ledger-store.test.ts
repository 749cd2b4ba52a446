import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { concat, sha256, utf8 } from '@healthchain/core';
import type { BlockCommit } from './commit-rows.ts';
import { diskFiles } from './files.ts';
import { openLevel } from './key-value.ts';
import { LedgerStore } from './ledger-store.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ledger-store-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const open = () => LedgerStore.open(diskFiles, openLevel, directory);

function block(number: number, updates: Record<string, string | undefined> = {}): BlockCommit {
  const version = { block: BigInt(number), transaction: 0n };
  return {
    number,
    parts: [utf8(`block ${number} ${'x'.repeat(200)}`)],
    data: [utf8(`envelope ${number}`)],
    headerHash: sha256(utf8(`header ${number}`)),
    commitHash: number === 0 ? undefined : sha256(utf8(`commit ${number}`)),
    updates: Object.entries(updates).map(([key, value]) => ({
      namespace: 'cc',
      key,
      value: value === undefined ? undefined : utf8(value),
      metadata: new Uint8Array(),
      version,
    })),
    history: Object.keys(updates).map((key) => ({ namespace: 'cc', key, transaction: 0 })),
    transactions: [{ txId: `tx-${number}`, code: number % 2 === 0 ? 0 : 11, isKnownNew: false }],
  };
}

async function segment(): Promise<string> {
  const [name] = await readdir(join(directory, 'blocks'));
  return join(directory, 'blocks', name as string);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('LedgerStore', () => {
  it('keeps blocks, state, history and indexes over a restart', async () => {
    const first = (await open()).store;
    await first.commit(block(0, { a: '1', b: '1' }));
    await first.commit(block(1, { a: '2', b: undefined }));
    await first.close();

    const { store, pending } = await open();
    expect(pending).toEqual([]);
    expect(store.height).toBe(2);
    expect(Buffer.from(await store.block(1)).toString()).toMatch(/^block 1 /);
    expect(store.blockNumberByHash(sha256(utf8('header 1')))).toBe(1);
    expect(store.transaction('tx-1')).toEqual({ block: 1, index: 0, code: 11 });
    const view = store.view();
    expect(Buffer.from(view.get('cc', 'a')?.value ?? []).toString()).toBe('2');
    expect(view.get('cc', 'b')).toBeUndefined();
    expect(await collect(view.history('cc', 'a'))).toEqual([
      { block: 1, transaction: 0 },
      { block: 0, transaction: 0 },
    ]);
    await view.close();
    await store.close();
  });

  it.each(['before', 'after'])(
    'names a transaction once a view shows its block (rows held %s they are written)',
    async (held) => {
      const { promise: looked, resolve: goOn } = Promise.withResolvers<void>();
      const { promise: writing, resolve: begun } = Promise.withResolvers<void>();
      const hold = async () => {
        begun();
        await looked;
      };
      const openRows: typeof openLevel = async (path) => {
        const rows = await openLevel(path);
        const write: typeof rows.write = async (changes) => {
          if (held === 'before') await hold();
          await rows.write(changes);
          if (held === 'after') await hold();
        };
        return { ...rows, write };
      };
      const { store } = await LedgerStore.open(diskFiles, openRows, directory);
      const { headerHash } = block(0);
      const found = () => [store.transaction('tx-0'), store.blockNumberByHash(headerHash), store.height];
      expect(found()).toEqual([undefined, undefined, 0]);
      const committing = store.commit(block(0));
      await writing;
      expect(found()).toEqual([undefined, undefined, 0]);
      goOn();
      await committing;
      expect(found()).toEqual([{ block: 0, index: 0, code: 0 }, 0, 1]);
      expect(store.transaction('tx-1')).toBeUndefined();
      await store.close();
    },
  );

  it('refuses a block that does not follow', async () => {
    const { store } = await open();
    await store.commit(block(0));
    await expect(store.commit(block(2))).rejects.toMatchObject({ code: 'OUT_OF_ORDER' });
    await store.close();
  });

  it('shows who opens a view while a block is applied the state before it', async () => {
    const { store } = await open();
    await store.commit(block(0, { a: 'old' }));
    const committing = store.commit(block(1, { a: 'new' }));
    const views = [store.view()];
    while (store.height === 1) {
      await new Promise((resolve) => setImmediate(resolve));
      views.push(store.view());
    }
    await committing;
    views.push(store.view());
    for (const view of views) {
      const value = Buffer.from(view.get('cc', 'a')?.value ?? []).toString();
      expect(value).toBe(view.height === 1 ? 'old' : 'new');
      await view.close();
    }
    expect(views.at(0)?.height).toBe(1);
    expect(views.at(-1)?.height).toBe(2);
    await store.close();
  });

  it('shows a view one committed prefix while later blocks are committed', async () => {
    const { store } = await open();
    await store.commit(block(0, { a: 'old', c: 'old' }));
    const view = store.view();
    await store.commit(block(1, { a: 'fresh', b: 'fresh' }));
    expect(view.height).toBe(1);
    expect(Buffer.from(view.get('cc', 'a')?.value ?? []).toString()).toBe('old');
    expect((await collect(view.range('cc', '', ''))).map((row) => row.key)).toEqual(['a', 'c']);
    await view.close();
    await store.close();
  });

  it('keeps namespaces and key borders apart in ranges and histories', async () => {
    const { store } = await open();
    await store.commit({
      ...block(0, { a: '1', ab: '1', 'a\u0000b': '1' }),
    });
    const view = store.view();
    expect((await collect(view.range('cc', 'a', 'ab'))).map((row) => row.key)).toEqual(['a', 'a\u0000b']);
    expect((await collect(view.range('c', '', ''))).length).toBe(0);
    expect((await collect(view.history('cc', 'a'))).length).toBe(1);
    await view.close();
    await store.close();
  });

  it('hands back blocks written after the savepoint, and cuts a torn tail of a store that was interrupted', async () => {
    const first = (await open()).store;
    await first.commit(block(0));
    await first.close();
    const path = await segment();
    const whole = await readFile(path);
    // The frame of block 1 as the log writes it, then half of block 2.
    const other = await mkdtemp(join(tmpdir(), 'ledger-store-'));
    const { store: donor } = await LedgerStore.open(diskFiles, openLevel, other);
    for (const number of [0, 1, 2]) await donor.commit(block(number));
    await donor.close();
    const frames = await readFile(join(other, 'blocks', '000000.blocks'));
    await writeFile(path, frames.subarray(0, frames.length - 20));
    expect(frames.subarray(0, whole.length).equals(whole)).toBe(true);
    await rm(other, { recursive: true });

    await expect(open()).rejects.toMatchObject({ code: 'BLOCK_CORRUPT', details: { number: 2 } });
    await writeFile(join(directory, 'in-use'), '');
    const { store, pending } = await open();
    expect(pending).toEqual([{ segment: 0, offset: whole.length, length: whole.length }]);
    const [place] = pending;
    if (place === undefined) throw new Error('no frame');
    expect(Buffer.from(await store.pendingBlock(place)).toString()).toMatch(/^block 1 /);
    await store.apply(block(1), place);
    await store.commit(block(2));
    expect(Buffer.from(await store.block(2)).toString()).toMatch(/^block 2 /);
    await store.close();
    const again = await open();
    expect(again.store.height).toBe(3);
    await again.store.close();
  });

  it('refuses and names a block with one flipped byte, wherever it is, and takes its replacement', async () => {
    const first = (await open()).store;
    for (const number of [0, 1, 2]) await first.commit(block(number));
    await first.close();
    const path = await segment();
    const whole = await readFile(path);
    const frame = whole.length / 3;
    for (const offset of [0, 5, 13, 20, 47, 60, frame - 1]) {
      const damaged = Buffer.from(whole);
      damaged[frame + offset] = (damaged[frame + offset] ?? 0) ^ 0x10;
      await writeFile(path, damaged);
      const { store } = await open();
      await expect(store.block(1)).rejects.toMatchObject({ code: 'BLOCK_CORRUPT', details: { number: 1 } });
      expect(Buffer.from(await store.block(2)).toString()).toMatch(/^block 2 /);
      const found = (await collect(store.scan())).filter((item) => 'damage' in item);
      expect(found).toMatchObject([{ damage: { segment: 0, offset: frame } }]);
      await store.close();
    }
    const { store } = await open();
    await store.replaceBlock(1, concat(...block(1).parts));
    expect(Buffer.from(await store.block(1)).toString()).toMatch(/^block 1 /);
    await store.close();
  });

  it('hands back every block when the state is gone, of a repaired block the later copy', async () => {
    const first = (await open()).store;
    for (const number of [0, 1, 2]) await first.commit(block(number));
    await first.close();
    const path = await segment();
    const bytes = await readFile(path);
    const length = bytes.length / 3;
    bytes[length + 60] = (bytes[length + 60] ?? 0) ^ 1;
    await writeFile(path, bytes);

    const state = join(directory, 'state');
    await rename(state, `${state}-kept`);
    await expect(open()).rejects.toMatchObject({ code: 'BLOCK_CORRUPT', details: { number: 1 } });
    await rm(state, { recursive: true });
    await rename(`${state}-kept`, state);
    const repaired = (await open()).store;
    await repaired.replaceBlock(1, concat(...block(1).parts));
    await repaired.close();

    await rm(state, { recursive: true });
    const { store, pending } = await open();
    expect(pending.map(({ offset }) => offset / length)).toEqual([0, 3, 2]);
    for (const [number, place] of pending.entries()) {
      expect(await store.pendingBlock(place)).toEqual(Buffer.concat(block(number).parts));
      await store.apply(block(number), place);
    }
    expect(store.height).toBe(3);
    await store.close();
  });

  it('refuses and names a state row with a flipped byte', async () => {
    const { store } = await open();
    await store.commit(block(0, { a: 'value of a' }));
    const view = store.view();
    const rows = await collect(view.rows());
    const row = Buffer.from(rows[0]?.row ?? []);
    await view.close();
    await store.close();
    for (let offset = 0; offset < row.length; offset += 7) {
      const damaged = Buffer.from(row);
      damaged[offset] = (damaged[offset] ?? 0) ^ 1;
      const level = await openLevel(join(directory, 'state'));
      await level.write([{ type: 'put', key: Buffer.from('scc\0a'), value: damaged }]);
      await level.close();
      const reopened = (await open()).store;
      const check = reopened.view();
      expect(() => check.get('cc', 'a')).toThrowError(/"a" in cc is damaged/);
      await check.close();
      await reopened.close();
    }
  });

  it('gives a transaction id the place and code of its first occurrence', async () => {
    const { store } = await open();
    await store.commit(block(0));
    await store.commit({ ...block(1), transactions: [{ txId: 'tx-0', code: 9, isKnownNew: false }] });
    expect(store.transaction('tx-0')).toEqual({ block: 0, index: 0, code: 0 });
    await store.close();
  });
});
