import type { DatabaseSync } from 'node:sqlite';
import { parameterId } from './compile.ts';
import { type Cursor, decodeCursor } from './cursor.ts';
import { SORT_COLUMNS, type SortKey } from './sort.ts';
import type { SearchSource } from './source.ts';
import { all, type Sql } from './sql.ts';

/** A match before its text is read. */
export interface Found extends Cursor {
  readonly source: SearchSource;
  readonly key: number;
  readonly type: string;
  readonly version: number;
}

/** The first `limit` matches of one source after the cursor, in the order of the query: sort keys, then commit order. */
export function findPage(
  source: SearchSource,
  where: Sql,
  sort: readonly SortKey[],
  cursor: string | undefined,
  limit: number,
): readonly Found[] {
  const columns = sort.map((key, at) => ({
    sql: sortColumn(source.database, key),
    name: `sort${at}`,
    descending: key.descending,
  }));
  const selected = columns.map(({ sql, name }) => `, ${sql.text} AS ${name}`).join('');
  const after = cursor === undefined ? all() : afterCursor(decodeCursor(cursor, sort.length), sort);
  const order = [
    ...columns.map(({ name, descending }) => `${name} ${descending ? 'DESC' : 'ASC'}`),
    'position',
    'id',
  ].join(', ');
  const rows = source.database
    .prepare(
      `SELECT * FROM (SELECT head.key, head.type, head.id, head.version, head.position ${selected} FROM head WHERE ${where.text})
       WHERE ${after.text} ORDER BY ${order} LIMIT ?`,
    )
    .all(...columns.flatMap(({ sql }) => sql.values), ...where.values, ...after.values, limit);
  return rows.map((row) => ({
    source,
    key: Number(row['key']),
    type: String(row['type']),
    id: String(row['id']),
    version: Number(row['version']),
    position: Number(row['position']),
    keys: columns.map(({ name }) => row[name] as string | number),
  }));
}

/** One page out of the pages of several sources. */
export function mergePages(
  pages: readonly (readonly Found[])[],
  sort: readonly SortKey[],
  limit: number,
): readonly Found[] {
  if (pages.length === 1) return pages[0]?.slice(0, limit) ?? [];
  return pages
    .flat()
    .sort((a, b) => compareFound(a, b, sort))
    .slice(0, limit);
}

function compareFound(a: Found, b: Found, sort: readonly SortKey[]): number {
  for (const [at, { descending }] of sort.entries()) {
    const difference = compareKeys(a.keys[at] ?? '', b.keys[at] ?? '');
    if (difference !== 0) return descending ? -difference : difference;
  }
  return a.position - b.position || compareKeys(a.id, b.id);
}

/** As SQLite orders: numbers by value, text by its UTF-8 bytes. */
function compareKeys(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

function sortColumn(database: DatabaseSync, key: SortKey): Sql {
  if (key.kind !== 'parameter') return { text: key.kind === 'id' ? 'head.id' : 'head.updated', values: [] };
  const column = SORT_COLUMNS[key.parameter.kind];
  const found = parameterId(database, key.parameter);
  const last = column?.last[key.descending ? 1 : 0] ?? '';
  if (column === undefined || found === undefined) return { text: '?', values: [last] };
  const value = key.descending ? column.descending : column.ascending;
  return {
    text: `COALESCE((SELECT ${value} FROM ${column.table} WHERE key = head.key AND param = ?), ?)`,
    values: [found, last],
  };
}

/** Rows beyond the cursor: greater in the first key that differs. */
function afterCursor({ keys, position, id }: Cursor, sort: readonly SortKey[]): Sql {
  const columns = [
    ...sort.map(({ descending }, at) => ({ name: `sort${at}`, descending })),
    ASCENDING.position,
    ASCENDING.id,
  ];
  const values = [...keys, position, id];
  const alternatives = columns.map(({ name, descending }, at): Sql => {
    const equal = columns
      .slice(0, at)
      .map((column, earlier): Sql => ({ text: `${column.name} = ?`, values: [values[earlier] ?? ''] }));
    return all(...equal, { text: `${name} ${descending ? '<' : '>'} ?`, values: [values[at] ?? ''] });
  });
  return {
    text: alternatives.map(({ text }) => `(${text})`).join(' OR '),
    values: alternatives.flatMap((each) => each.values),
  };
}

const ASCENDING = {
  position: { name: 'position', descending: false },
  id: { name: 'id', descending: false },
} as const;
