import type { Permitted, StoredVersion } from '../store/types.ts';
import { encodeCursor } from './cursor.ts';
import { includedWith } from './include.ts';
import { findPage, type Found, mergePages } from './page.ts';
import type { SearchQuery } from './parse.ts';
import { remembering } from './permit.ts';
import { type Reach, readableWhere, resolve } from './resolve.ts';
import type { SearchSource } from './source.ts';
import type { Sql } from './sql.ts';
import { shapedFor } from './subsets.ts';

export interface SearchHit {
  readonly source: SearchSource;
  /** Its `text` is what the query's `_summary` and `_elements` leave of the version as served. */
  readonly record: StoredVersion;
}

export interface SearchPage {
  readonly matches: readonly SearchHit[];
  /** What `_include` and `_revinclude` add; never a match again. */
  readonly included: readonly SearchHit[];
  /** Of all pages; absent when the query said `_total=none`. */
  readonly total?: number;
  /** Opaque; goes into the next page's `_cursor` parameter, all other parameters unchanged. */
  readonly next?: string;
}

export interface SearchOptions {
  /** Asked about everything that could enter the answer or influence it, records of other organisations included. */
  readonly permitted: Permitted;
  /** All Patient ids of the person of a Patient id, so that any linked id means the person. Default: the id alone. */
  readonly linkedPatients?: (patientId: string) => Promise<readonly string[]>;
}

interface Scope {
  readonly source: SearchSource;
  readonly where: Sql;
}

/**
 * Runs one query over the union of the sources: the organisation's store and, for a search that names a person, a store in memory
 * (`openStore(':memory:')`) with the foreign records opened for it. Filters, chains, includes, order and totals cross the sources
 * and see nothing that `permitted` refuses. Default order is commit order.
 *
 * @throws SearchError TOO_COSTLY, BAD_CURSOR; FhirError NOT_INITIALISED (`_summary`, `_elements`)
 */
export async function search(
  sources: readonly SearchSource[],
  query: SearchQuery,
  options: SearchOptions,
): Promise<SearchPage> {
  const reach = reachOf(sources, options);
  const conditions = await resolve(query.conditions, reach);
  const scopes: Scope[] = [];
  for (const source of sources)
    scopes.push({ source, where: await readableWhere(source, query.type, conditions, reach.permitted) });
  const { matches, next } = pageOf(scopes, query);
  const included = await includedWith(matches, query.includes, reach);
  return {
    matches: hitsOf(matches, shapedFor(query, 'match')),
    included: hitsOf(included, shapedFor(query, 'include')),
    ...(query.total === 'none' ? {} : { total: totalOf(scopes) }),
    ...(next === undefined ? {} : { next }),
  };
}

function reachOf(sources: readonly SearchSource[], { permitted, linkedPatients }: SearchOptions): Reach {
  return {
    sources,
    permitted: remembering(permitted),
    linkedPatients: linkedPatients ?? ((id) => Promise.resolve([id])),
  };
}

function pageOf(
  scopes: readonly Scope[],
  query: SearchQuery,
): { readonly matches: readonly Found[]; readonly next: string | undefined } {
  if (query.count === 0) return { matches: [], next: undefined };
  const pages = scopes.map(({ source, where }) =>
    findPage(source, where, query.sort, query.cursor, query.count + 1),
  );
  const found = mergePages(pages, query.sort, query.count + 1);
  const matches = found.slice(0, query.count);
  const last = matches.at(-1);
  return {
    matches,
    next: last === undefined || found.length <= query.count ? undefined : encodeCursor(last),
  };
}

function totalOf(scopes: readonly Scope[]): number {
  return scopes.reduce((sum, { source, where }) => {
    const row = source.database
      .prepare(`SELECT COUNT(*) AS total FROM head WHERE ${where.text}`)
      .get(...where.values);
    return sum + Number(row?.['total']);
  }, 0);
}

function hitsOf(
  found: readonly Pick<Found, 'source' | 'type' | 'id' | 'version'>[],
  shape: (record: StoredVersion) => StoredVersion,
): readonly SearchHit[] {
  return found.map(({ source, type, id, version }) => {
    const record = source.version(type, id, version);
    if (record === undefined)
      throw new Error(`The head of ${type}/${id} points at a version that is missing`);
    return { source, record: shape(record) };
  });
}
