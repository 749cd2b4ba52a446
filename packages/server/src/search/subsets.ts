import { readResource, resourceText } from '../fhir/exact.ts';
import { type Subset, subsetOf } from '../fhir/subset.ts';
import type { StoredVersion } from '../store/types.ts';
import type { SearchQuery } from './parse.ts';

/** How a query wants a hit shown: `_elements` shapes matches, `_summary` everything. */
export function shapedFor(
  query: SearchQuery,
  mode: 'match' | 'include',
): (record: StoredVersion) => StoredVersion {
  const subset = subsetFor(query, mode);
  if (subset === undefined) return (record) => record;
  return (record) => {
    if (record.text === null) return record;
    return { ...record, text: resourceText(subsetOf(readResource(record.text), subset)) };
  };
}

function subsetFor({ summary, elements }: SearchQuery, mode: 'match' | 'include'): Subset | undefined {
  if (elements !== undefined && mode === 'match') return { elements };
  return summary === 'false' || summary === 'count' ? undefined : summary;
}
