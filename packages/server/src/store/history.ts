import type { DatabaseSync } from 'node:sqlite';
import type { RecordId } from '@healthchain/core';
import { permittedClasses } from '../search/permit.ts';
import { instant } from './apply.ts';
import { StoreError } from './errors.ts';
import type { Permitted, StoredVersion } from './types.ts';
import { VERSION_COLUMNS, VERSION_TABLES, versionOf } from './version-row.ts';

export interface HistoryQuery {
  readonly type?: string;
  readonly id?: RecordId;
  /** FHIR instant: versions at or after it. */
  readonly since?: string;
  readonly count: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface HistoryPage {
  /** Newest first, in commit order. */
  readonly versions: readonly StoredVersion[];
  readonly total: number;
  readonly next?: string;
}

interface Where {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export async function readHistory(
  database: DatabaseSync,
  query: HistoryQuery,
  permitted: Permitted,
): Promise<HistoryPage> {
  const chosen = conditions(query);
  const classes = database
    .prepare(
      `SELECT v.strict AS class, MIN(v.id) AS id, MIN(v.version) AS version FROM record_version v WHERE ${chosen.sql} GROUP BY v.strict`,
    )
    .all(...chosen.values);
  const allowed = await permittedClasses(database, classes, permitted);
  const readable = and(chosen, {
    sql: 'v.strict IN (SELECT value FROM json_each(?))',
    values: [JSON.stringify(allowed)],
  });
  const total = database
    .prepare(`SELECT COUNT(*) AS total FROM record_version v WHERE ${readable.sql}`)
    .get(...readable.values);
  return page(database, query, readable, Number(total?.['total']));
}

function page(database: DatabaseSync, query: HistoryQuery, readable: Where, total: number): HistoryPage {
  const from = query.after === undefined ? readable : and(readable, before(query.after));
  const rows = database
    .prepare(
      `SELECT ${VERSION_COLUMNS}, v.position FROM ${VERSION_TABLES}
       WHERE ${from.sql} ORDER BY v.position DESC, v.id DESC LIMIT ?`,
    )
    .all(...from.values, query.count + 1);
  const shown = rows.slice(0, query.count);
  const last = shown.at(-1);
  const versions = shown.map(versionOf);
  return last === undefined || rows.length <= query.count
    ? { versions, total }
    : { versions, total, next: `${String(last['position'])}.${String(last['id'])}` };
}

function conditions({ type, id, since }: HistoryQuery): Where {
  const parts: Where[] = [];
  if (type !== undefined) parts.push({ sql: 'v.type = ?', values: [type] });
  if (id !== undefined) parts.push({ sql: 'v.id = ?', values: [id] });
  if (since !== undefined) parts.push({ sql: 'v.updated >= ?', values: [instant(since)] });
  return and(...parts);
}

function before(cursor: string): Where {
  const [, position, id] = /^(\d+)\.([A-Za-z0-9.-]{1,64})$/.exec(cursor) ?? [];
  if (position === undefined || id === undefined)
    throw new StoreError('BAD_CURSOR', 'The page to continue from is not one of ours');
  return { sql: '(v.position, v.id) < (?, ?)', values: [Number(position), id] };
}

function and(...parts: readonly Where[]): Where {
  return {
    sql: parts.length === 0 ? '1' : parts.map((part) => part.sql).join(' AND '),
    values: parts.flatMap((part) => part.values),
  };
}
