import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import { freshKey, openSession } from '../session.ts';
import { refusal } from './refusal.ts';

const ranges = '§3 ranges';
const composite = '§3 composite keys and partial composite keys';
const pages = '§3 pagination; paginated queries exclude writes in the same transaction';
const names = '§3 key and name validation';
const NUL = '\u0000';
const LAST = '\u{10FFFF}';

export const queryCases: readonly Case[] = [
  {
    name: 'a range holds its start, not its end, in the order of the bytes',
    source: ranges,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('range');
      const suffixes = ['A', 'B', 'a', 'b', 'é', '\u{1F600}', '\uFB01'];
      await session.commit(suffixes.map((suffix) => ['put', key + suffix, suffix] as const));
      const rows = async (from: string, to: string) => {
        const [found] = await session.evaluate([['range', key + from, key + to]]);
        return (found as [string, string][]).map(([each]) => each.slice(key.length));
      };
      assert.deepEqual(await rows('', LAST), ['A', 'B', 'a', 'b', 'é', '\uFB01', '\u{1F600}']);
      assert.deepEqual(await rows('B', 'b'), ['B', 'a']);
      assert.deepEqual(await rows('b', 'b'), []);
      assert.deepEqual(await rows('b', 'a'), []);
    },
  },
  {
    name: 'an open range holds the simple keys and no composite ones',
    source: ranges,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('!open');
      await session.commit([
        ['put', key, '1'],
        ['putComposite', 'open', [key], '2'],
      ]);
      const [rows] = await session.evaluate([['range', '', `${key}~`]]);
      const found = (rows as [string, string][]).map(([each]) => each);
      assert.ok(found.includes(key));
      assert.ok(found.every((each) => !each.startsWith(NUL)));
    },
  },
  {
    name: 'a composite key is made, split and found by its first attributes',
    source: composite,
    run: async (target) => {
      const session = await openSession(target);
      const type = freshKey('type');
      await session.commit([
        ['putComposite', type, ['a', '1'], 'a1'],
        ['putComposite', type, ['a', '2'], 'a2'],
        ['putComposite', type, ['ab', '1'], 'ab1'],
        ['putComposite', type, ['é', 'x'], 'é'],
      ]);
      const made = `${NUL}${type}${NUL}a${NUL}2${NUL}`;
      const [key, split, some, all, none] = await session.evaluate([
        ['composite', type, ['a', '2']],
        ['split', made],
        ['partial', type, ['a']],
        ['partial', type, []],
        ['partial', type, ['b']],
      ]);
      assert.equal(key, made);
      assert.deepEqual(split, { objectType: type, attributes: ['a', '2'] });
      const values = (rows: unknown) => (rows as [string, string][]).map(([, value]) => value);
      assert.deepEqual([values(some), values(all), none], [['a1', 'a2'], ['a1', 'a2', 'ab1', 'é'], []]);
    },
  },
  refusal(
    'a composite key of an empty type',
    names,
    () => [['composite', '', ['a']]],
    /not a non-zero length string/,
  ),
  refusal(
    'a composite key with an empty attribute',
    names,
    () => [['composite', 'type', ['']]],
    /not a non-zero length string/,
  ),
  refusal(
    'a range that begins at a composite key',
    names,
    () => [['range', `${NUL}type`, 'x']],
    /null character/,
  ),
  refusal(
    'a range that ends at a composite key',
    names,
    () => [['range', 'x', `${NUL}type`]],
    /null character/,
  ),
  refusal(
    'a rich query',
    '§3 rich queries refused, as on LevelDB',
    () => [['query', '{"selector":{}}']],
    /not supported for leveldb/,
  ),
  {
    name: 'pages follow one another by bookmark to the end',
    source: pages,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('pages');
      await session.commit([['fill', key, 5]]);
      const seen: string[] = [];
      let bookmark = '';
      const counts: number[] = [];
      do {
        const [page] = await session.evaluate([['page', key, `${key}~`, 2, bookmark]]);
        const {
          rows,
          count,
          bookmark: next,
        } = page as { rows: [string, string][]; count: number; bookmark: string };
        seen.push(...rows.map(([each]) => each.slice(key.length)));
        counts.push(count);
        bookmark = next;
      } while (bookmark !== '');
      assert.deepEqual(seen, ['000', '001', '002', '003', '004']);
      assert.deepEqual(counts, [2, 2, 1]);
    },
  },
  {
    name: 'a bookmark is the next key; the last page has none',
    source: pages,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('pages');
      await session.commit([
        ['fill', key, 4],
        ['putComposite', key, ['a'], '1'],
        ['putComposite', key, ['b'], '2'],
      ]);
      const [first, whole, partial] = await session.evaluate([
        ['page', key, `${key}~`, 2, ''],
        ['page', key, `${key}~`, 4, ''],
        ['partialPage', key, [], 1, ''],
      ]);
      const bookmarks = [first, whole, partial].map((page) => (page as { bookmark: string }).bookmark);
      assert.deepEqual(bookmarks, [`${key}002`, '', `${NUL}${key}${NUL}b${NUL}`]);
    },
  },
  {
    name: 'an empty page has neither rows nor metadata',
    source: pages,
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('pages');
      const [page] = await session.evaluate([['page', key, `${key}~`, 2, '']]);
      assert.deepEqual(page, { rows: [], count: 0, bookmark: '', hasMetadata: false });
    },
  },
  refusal(
    'a write after a page',
    pages,
    (key) => [
      ['page', key, `${key}~`, 2, ''],
      ['put', key, '1'],
    ],
    /paginated query/,
  ),
  refusal(
    'a page after a write',
    pages,
    (key) => [
      ['put', key, '1'],
      ['page', key, `${key}~`, 2, ''],
    ],
    /paginated/i,
  ),
  {
    name: 'a history tells every change, the latest first, with its transaction',
    source: '§3 history',
    run: async (target) => {
      const session = await openSession(target);
      const key = freshKey('history');
      const ids: string[] = [];
      for (const step of [
        ['put', key, '1'],
        ['put', key, '2'],
        ['delete', key],
        ['put', key, '3'],
      ] as const) {
        ids.unshift((await session.commit([step])).status.transactionId);
      }
      await session.submit([['put', key, 'invalid']], { endorsers: ['NorthMSP'] });
      const [found] = await session.evaluate([['history', key]]);
      const history = found as { txId: string; isDelete: boolean; value: string | null; seconds: number }[];
      assert.deepEqual(
        history.map(({ txId }) => txId),
        ids,
      );
      assert.deepEqual(
        history.map(({ value }) => value),
        ['3', null, '2', '1'],
      );
      assert.deepEqual(
        history.map(({ isDelete }) => isDelete),
        [false, true, false, false],
      );
      assert.ok(history.every(({ seconds }) => Math.abs(seconds * 1000 - Date.now()) < 30_000));
      assert.deepEqual(await session.evaluate([['history', `${key}absent`]]), [[]]);
    },
  },
];
