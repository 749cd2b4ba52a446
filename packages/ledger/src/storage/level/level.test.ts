import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '@healthchain/core';
import { openLevel } from '../key-value.ts';
import { crc32c } from './crc32c.ts';
import { auditLevel, readLevel } from './index.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ledger-level-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const CLOSED = { wasInterrupted: false };
/** Of a table: two places, filling, and a magic number. */
const FOOTER_BYTES = 48;

type Rows = Map<string, string>;

/** Small tables, so that there are many; values that pack well and badly. */
async function fill(path: string, count: number): Promise<Rows> {
  const options = { keyEncoding: 'utf8', valueEncoding: 'utf8', writeBufferSize: 64 * 1024 } as const;
  const level = new ClassicLevel(path, options);
  const rows: Rows = new Map();
  for (let i = 0; i < count; i++) {
    const key = `row ${(i * 37) % Math.ceil(count / 2)}`;
    const value = `${i} ${crypto.randomUUID()} ${'the same again '.repeat(i % 20)}`;
    if (i % 5 === 4) await level.del(key);
    else await level.put(key, value);
    if (i % 5 === 4) rows.delete(key);
    else rows.set(key, value);
  }
  await level.close();
  return rows;
}

function textOf(rows: ReadonlyMap<string, Uint8Array>): Rows {
  return new Map([...rows].map(([key, value]) => [key, Buffer.from(value).toString()]));
}

async function filesOf(path: string): Promise<string[]> {
  return (await readdir(path)).filter((name) => /^MANIFEST|\.ldb$|\.log$/.test(name));
}

describe('crc32c', () => {
  it('gives the values of RFC 3720 appendix B.4', () => {
    expect(crc32c(new Uint8Array(32)).toString(16)).toBe('8a9136aa');
    expect(crc32c(new Uint8Array(32).fill(0xff)).toString(16)).toBe('62a8ab43');
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)).toString(16)).toBe('46dd794e');
    expect(crc32c(utf8('123456789')).toString(16)).toBe('e3069283');
  });
});

describe('readLevel', () => {
  it('reads from the files what LevelDB reads, logs and packed tables alike', async () => {
    const rows = await fill(directory, 4_000);
    expect((await filesOf(directory)).filter((name) => name.endsWith('.ldb')).length).toBeGreaterThan(1);
    const first = await readLevel(directory, CLOSED);
    expect(first.damages).toEqual([]);
    expect(textOf(first.rows)).toEqual(rows);

    await (await openLevel(directory)).close();
    expect(textOf((await readLevel(directory, CLOSED)).rows)).toEqual(rows);
  });

  it('reads random batches', async () => {
    const change = fc.record({
      key: fc.uint8Array({ minLength: 1, maxLength: 20 }),
      value: fc.option(fc.uint8Array({ maxLength: 40_000 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 12 }), async (batches) => {
        const path = await mkdtemp(join(directory, 'random-'));
        const store = await openLevel(path);
        const rows: Rows = new Map();
        const name = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
        for (const batch of batches) {
          await store.write(
            batch.map(({ key, value }) =>
              value === undefined ? { type: 'del', key } : { type: 'put', key, value },
            ),
          );
          for (const { key, value } of batch) {
            if (value === undefined) rows.delete(name(key));
            else rows.set(name(key), name(value));
          }
        }
        await store.close();
        const read = await readLevel(path, CLOSED);
        expect(new Map([...read.rows].map(([key, value]) => [key, name(value)]))).toEqual(rows);
      }),
      { numRuns: 30 },
    );
  });

  it('finds nothing where there is no store', async () => {
    expect(await auditLevel(join(directory, 'nowhere'))).toEqual([]);
  });
});

describe('a changed byte', () => {
  it('is named, or changes no row', async () => {
    const rows = await fill(join(directory, 'sound'), 2_000);
    const files = await filesOf(join(directory, 'sound'));
    const place = fc.record({
      file: fc.constantFrom(...files),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async ({ file, at }, flip) => {
        const path = join(directory, 'changed');
        await cp(join(directory, 'sound'), path, { recursive: true });
        const bytes = await readFile(join(path, file));
        const offset = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
        bytes.writeUInt8(bytes.readUInt8(offset) ^ flip, offset);
        await writeFile(join(path, file), bytes);
        const read = await readLevel(path, CLOSED);
        const isSame = isDeepStrictEqual(textOf(read.rows), rows);
        expect({ file, offset, isNamed: isSame || read.damages.length > 0 }).toMatchObject({ isNamed: true });
        if (read.damages.length > 0)
          await expect(openLevel(path)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
        await rm(path, { recursive: true });
      }),
      { numRuns: 150 },
    );
  });

  it('anywhere in a table is named, in its filter and index too', async () => {
    await fill(directory, 1_000);
    await (await openLevel(directory)).close();
    const table = (await filesOf(directory)).find((name) => name.endsWith('.ldb')) as string;
    const sound = await readFile(join(directory, table));
    for (let offset = sound.length - 3_000; offset < sound.length - FOOTER_BYTES; offset += 13) {
      const bytes = Buffer.from(sound);
      bytes.writeUInt8(bytes.readUInt8(offset) ^ 0x10, offset);
      await writeFile(join(directory, table), bytes);
      const [damage] = await auditLevel(directory);
      expect(damage?.file).toBe(join(directory, table));
    }
  });

  it('at the end of the log is damage of a store that was closed', async () => {
    const { log } = await writtenTwice();
    await writeFile(log, (await readFile(log)).subarray(0, -3));
    expect(await auditLevel(directory)).toMatchObject([{ file: log, what: 'the last record of the log' }]);
    await expect(openLevel(directory)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, -3)],
    ['never written', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -20), Buffer.alloc(20)])],
  ])(
    'at the end of the log is what a power cut leaves when it was %s: a prefix is there',
    async (_, tear) => {
      const { log } = await writtenTwice();
      await writeFile(log, tear(await readFile(log)));
      const interrupted = { wasInterrupted: true };
      const { rows, damages } = await readLevel(directory, interrupted);
      expect({ rows: textOf(rows), damages }).toEqual({ rows: new Map([['a', '1']]), damages: [] });
      const again = await openLevel(directory, interrupted);
      expect(Buffer.from(again.get(utf8('a')) as Uint8Array).toString()).toBe('1');
      await again.close();
    },
  );

  it('in the middle of the log ends an interrupted store there: nothing is applied without what came before', async () => {
    const { log } = await writtenTwice();
    const bytes = await readFile(log);
    await writeFile(log, Buffer.concat([Buffer.alloc(20), bytes.subarray(20)]));
    const again = await openLevel(directory, { wasInterrupted: true });
    expect(again.get(utf8('a'))).toBeUndefined();
    await again.close();
  });
});

/** A store closed after two batches, each in its log alone. */
async function writtenTwice(): Promise<{ readonly log: string }> {
  const store = await openLevel(directory);
  await store.write([{ type: 'put', key: utf8('a'), value: utf8('1') }]);
  await store.write([{ type: 'put', key: utf8('a'), value: utf8('2') }]);
  await store.close();
  const name = (await filesOf(directory)).find((file) => file.endsWith('.log')) as string;
  return { log: join(directory, name) };
}
