import { mkdtempSync, readFileSync, rmSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RecordLabels } from '@healthchain/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSearch, search } from '../search/index.ts';
import { committed, deleted, NORMAL } from './committed.fixture.ts';
import { type HistoryPage, openStore, type Permitted, type Store } from './index.ts';
import type { CommittedVersion } from './types.ts';

const everything: Permitted = (facts) => Promise.resolve(facts.map(() => true));
const MARIA = 'a'.repeat(32);
const SAM = 'b'.repeat(32);
const patient = (id: string, family: string): object => ({ resourceType: 'Patient', id, name: [{ family }] });

let folder: string;
let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  store = openStore(join(folder, 'store.db'));
});

afterEach(() => {
  if (store.database.isOpen) store.close();
  rmSync(folder, { recursive: true });
});

const reopen = (): void => {
  store.close();
  store = openStore(join(folder, 'store.db'));
};
const countOf = async (query: string): Promise<number | undefined> => {
  const [type = '', text = ''] = query.split('?');
  return (await search([store], parseSearch(type, new URLSearchParams(text)), { permitted: everything }))
    .total;
};

describe('versions', () => {
  it('gives back the bytes and facts of every version, after a restart too', () => {
    const first = committed(
      { resourceType: 'Observation', id: 'o' },
      {
        text: '{"resourceType":"Observation","id":"o","valueDecimal":1.00,"x":"é\\ud83d\\ude00"}',
        persons: [MARIA],
      },
    );
    const second = committed(
      { resourceType: 'Observation', id: 'o' },
      { version: 2, lastUpdated: '2024-01-02T03:04:05.678+02:00' },
    );
    const third = deleted('Observation', 'o', 3);
    store.applyCommitted([first, second, third]);
    reopen();
    expect(store.version('Observation', 'o', 1)).toEqual({ ...first, historyLabels: NORMAL });
    expect(store.versions('Observation', 'o')).toMatchObject([first, second, third]);
    expect(store.get('Observation', 'o')).toMatchObject({ version: 3, text: null });
    expect(store.get('Patient', 'o')).toBeUndefined();
    expect(store.version('Observation', 'o', 4)).toBeUndefined();
  });

  it('applies every version once, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
        fc.array(fc.nat(4)),
        async (order, again) => {
          const versions = [
            committed(patient('p', 'One')),
            committed(patient('p', 'Two'), { version: 2 }),
            committed(patient('p', 'Three'), { version: 3 }),
            committed(patient('q', 'One')),
            deleted('Patient', 'q', 2),
          ];
          store.clear();
          for (const at of [...order, ...again]) store.applyCommitted(versions.slice(at, at + 1));
          expect(store.get('Patient', 'p')?.version).toBe(3);
          expect(await countOf('Patient?')).toBe(1);
          expect(await countOf('Patient?family=three')).toBe(1);
          expect(await countOf('Patient?family=one,two')).toBe(0);
          expect(store.versions('Patient', 'p').map(({ version }) => version)).toEqual([1, 2, 3]);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('applies a batch whole or not at all', async () => {
    const broken = committed(patient('q', 'Two'), { lastUpdated: 'yesterday' });
    expect(() => store.applyCommitted([committed(patient('p', 'One')), broken])).toThrow(
      expect.objectContaining({ code: 'BAD_INSTANT' }) as Error,
    );
    expect(store.get('Patient', 'p')).toBeUndefined();
    store.applyCommitted([committed(patient('p', 'One'))]);
    expect(await countOf('Patient?family=one')).toBe(1);
  });

  it('lists the current records about a person', () => {
    store.applyCommitted([
      committed({ resourceType: 'Observation', id: 'a' }, { persons: [MARIA] }),
      committed({ resourceType: 'Appointment', id: 'b' }, { persons: [MARIA, SAM] }),
      committed({ resourceType: 'Observation', id: 'c' }, { persons: [MARIA] }),
      deleted('Observation', 'c', 2),
      committed({ resourceType: 'Observation', id: 'd' }, { persons: [SAM] }),
    ]);
    expect(store.ofPerson(MARIA).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(store.ofPerson(SAM).map(({ id }) => id)).toEqual(['b', 'd']);
  });
});

describe('history', () => {
  const restricted: RecordLabels = { categories: ['other'], confidentiality: 'R', sensitivities: ['HIV'] };
  const ids = (page: HistoryPage): string[] => page.versions.map(({ id, version }) => `${id}/${version}`);

  it('pages through resource, type and server, newest first in commit order', async () => {
    store.applyCommitted([
      committed(patient('p', 'One'), { blockNumber: 5, sequence: 1 }),
      committed(patient('q', 'One'), { blockNumber: 5, sequence: 2 }),
      committed({ resourceType: 'Observation', id: 'o' }, { blockNumber: 6 }),
      committed(patient('p', 'Two'), { version: 2, blockNumber: 7 }),
      { ...deleted('Patient', 'q', 2), blockNumber: 8 },
    ]);
    const page = (query: object): Promise<HistoryPage> => store.history({ count: 2, ...query }, everything);
    const first = await page({});
    expect([ids(first), first.total]).toEqual([['q/2', 'p/2'], 5]);
    const second = await page({ after: first.next });
    expect(ids(second)).toEqual(['o/1', 'q/1']);
    const last = await page({ after: second.next });
    expect([ids(last), last.next]).toEqual([['p/1'], undefined]);
    expect(ids(await page({ type: 'Patient', id: 'p' }))).toEqual(['p/2', 'p/1']);
    expect(await page({ type: 'Observation' })).toMatchObject({ total: 1 });
    await expect(page({ after: 'x' })).rejects.toMatchObject({ code: 'BAD_CURSOR' });
  });

  it('starts at an instant', async () => {
    store.applyCommitted([
      committed(patient('p', 'One'), { lastUpdated: '2024-01-01T00:00:00Z' }),
      committed(patient('q', 'One'), { lastUpdated: '2024-02-01T00:00:00Z' }),
    ]);
    expect(ids(await store.history({ count: 10, since: '2024-01-31T23:59:59Z' }, everything))).toEqual([
      'q/1',
    ]);
    await expect(store.history({ count: 10, since: 'x' }, everything)).rejects.toMatchObject({
      code: 'BAD_INSTANT',
    });
  });

  it('judges every version by the strictest labels of any, before and after it', async () => {
    store.applyCommitted([
      committed(patient('p', 'One')),
      committed(patient('p', 'Two'), { version: 2, labels: restricted }),
      committed(patient('p', 'Three'), { version: 3 }),
      committed(patient('q', 'One')),
    ]);
    const onlyNormal: Permitted = (facts) =>
      Promise.resolve(facts.map(({ labels }) => labels.confidentiality === 'N'));
    const page = await store.history({ count: 10 }, onlyNormal);
    expect([ids(page), page.total]).toEqual([['q/1'], 1]);
    expect(store.versions('Patient', 'p')).toMatchObject([
      { labels: NORMAL, historyLabels: restricted },
      { labels: restricted, historyLabels: restricted },
      { labels: NORMAL, historyLabels: restricted },
    ]);
  });
});

describe('transactions, key values, dropping', () => {
  it('keeps key values and records in one transaction', () => {
    const outbox = store.keyValues('outbox');
    const write = (fails: boolean): void =>
      store.transaction(() => {
        outbox.put('a', new TextEncoder().encode('pending'));
        store.applyCommitted([committed(patient('p', 'One'))]);
        if (fails) throw new Error('crash');
      });
    expect(() => write(true)).toThrow('crash');
    expect([outbox.get('a'), store.get('Patient', 'p')]).toEqual([undefined, undefined]);
    write(false);
    reopen();
    const kept = store.keyValues('outbox');
    expect(new TextDecoder().decode(kept.get('a'))).toBe('pending');
    expect(store.get('Patient', 'p')).toBeDefined();
    expect(store.keyValues('other').get('a')).toBeUndefined();
  });

  it('lists key values by prefix, in order', () => {
    const values = store.keyValues('n');
    for (const key of ['b/2', 'a/1', 'b/1', 'b%']) values.put(key, Uint8Array.of(1));
    values.delete('a/1');
    expect(values.list('b/').map(({ key }) => key)).toEqual(['b/1', 'b/2']);
    expect(values.list().map(({ key }) => key)).toEqual(['b%', 'b/1', 'b/2']);
  });

  it('can be dropped and built again, key values kept', async () => {
    const batch: CommittedVersion[] = [
      committed(patient('p', 'One'), { persons: [MARIA] }),
      committed(patient('p', 'Two'), { version: 2, persons: [MARIA] }),
    ];
    store.applyCommitted(batch);
    store.keyValues('n').put('k', Uint8Array.of(1));
    const before = store.versions('Patient', 'p');
    store.clear();
    expect([store.get('Patient', 'p'), await countOf('Patient?'), store.ofPerson(MARIA)]).toEqual([
      undefined,
      0,
      [],
    ]);
    store.applyCommitted(batch);
    expect(store.versions('Patient', 'p')).toEqual(before);
    expect(await countOf('Patient?family=two')).toBe(1);
    expect(store.keyValues('n').get('k')).toEqual(Uint8Array.of(1));
  });

  it('leaves no plaintext in its files after a drop', () => {
    store.applyCommitted([committed(patient('p', 'Zaphodbeeblebrox'))]);
    store.clear();
    const bytes = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    expect(bytes.some((content) => /zaphod/i.test(content))).toBe(false);
  });

  it('refuses a file of another schema', () => {
    store.close();
    const raw = new DatabaseSync(join(folder, 'store.db'));
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    expect(() => openStore(join(folder, 'store.db'))).toThrow(
      expect.objectContaining({ code: 'WRONG_SCHEMA' }) as Error,
    );
  });

  it('syncs every commit', () => {
    const pragma = (name: string): unknown =>
      Object.values(store.database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('secure_delete')]).toEqual(['wal', 2, 1]);
  });
});
