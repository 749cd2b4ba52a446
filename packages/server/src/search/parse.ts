/** A parsed query: see `parseSearch`. */
export interface SearchQuery {
  readonly type: string;
  readonly count: number;
  readonly total: 'none' | 'accurate';
  readonly summary?: 'true' | 'text' | 'data' | 'count';
  readonly elements?: readonly string[];
  /** The parameters that were understood, in order: the self link shows these and no others. */
  readonly understood: readonly (readonly [string, string])[];
  /** The names of those ignored under lenient handling. */
  readonly ignored: readonly string[];
  /** Patient ids that the query names as owner (patient, subject, beneficiary …): a search that names one person. */
  readonly patients: readonly string[];
}

/**
 * `type` is a resource type of R4. Parameters are percent-decoded names and values.
 * @throws SearchError UNKNOWN_PARAMETER (strict), UNSUPPORTED_MODIFIER, BAD_VALUE, BAD_CURSOR, TOO_MANY_PARAMETERS
 */
export declare function parseSearch(
  type: string,
  parameters: Iterable<readonly [string, string]>,
  options?: { readonly handling?: 'strict' | 'lenient'; readonly bases?: readonly string[] },
): SearchQuery;
