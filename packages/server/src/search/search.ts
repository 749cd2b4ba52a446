import type { SearchSource } from './source.ts';
import type { SearchQuery } from './parse.ts';
import type { Permitted, StoredVersion } from '../store/types.ts';

export interface SearchHit {
  readonly source: SearchSource;
  readonly record: StoredVersion;
}

export interface SearchPage {
  readonly matches: readonly SearchHit[];
  /** What `_include` and `_revinclude` add; never a match again. */
  readonly included: readonly SearchHit[];
  /** Absent when the query said `_total=none`. */
  readonly total?: number;
  /** Opaque; goes into the next page's `_cursor` parameter. */
  readonly next?: string;
}

export interface SearchOptions {
  /** Asked about everything that could enter the answer or influence it, foreign records included. */
  readonly permitted: Permitted;
  /** All Patient ids of the person of a Patient id (itself included), so that any linked id means the person. */
  readonly linkedPatients?: (patientId: string) => Promise<readonly string[]>;
  readonly now?: Date;
}

/**
 * Runs one query over the union of the sources: the organisation's store, and for a search that names a person
 * a store in memory (`openStore(':memory:')`) with the foreign records opened for it. Chains, includes, sorting and totals cross the sources.
 */
export declare function search(
  sources: readonly SearchSource[],
  query: SearchQuery,
  options: SearchOptions,
): Promise<SearchPage>;
