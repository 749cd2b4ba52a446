import { HIGHEST, LOWEST } from '../fhir/intervals.ts';
import { type ParameterDefinition, type ParameterKind, searchParameters } from './definitions.ts';
import { SearchError } from './errors.ts';

export type SortKey =
  | { readonly kind: 'id' | 'updated'; readonly descending: boolean }
  | { readonly kind: 'parameter'; readonly parameter: ParameterDefinition; readonly descending: boolean };

const MAX_SORT_KEYS = 5;

interface SortColumn {
  readonly table: string;
  readonly ascending: string;
  readonly descending: string;
  /** Resources without a value come last in either direction. */
  readonly last: readonly [ascending: string | number, descending: string | number];
}

const LAST_TEXT = ['\u{10FFFF}', ''] as const;
const LAST_NUMBER = [HIGHEST, LOWEST] as const;

export const SORT_COLUMNS: Readonly<Partial<Record<ParameterKind, SortColumn>>> = {
  token: { table: 'idx_token', ascending: 'MIN(code)', descending: 'MAX(code)', last: LAST_TEXT },
  string: { table: 'idx_string', ascending: 'MIN(folded)', descending: 'MAX(folded)', last: LAST_TEXT },
  date: { table: 'idx_date', ascending: 'MIN(low)', descending: 'MAX(high)', last: LAST_NUMBER },
  number: { table: 'idx_number', ascending: 'MIN(low)', descending: 'MAX(high)', last: LAST_NUMBER },
  quantity: { table: 'idx_number', ascending: 'MIN(low)', descending: 'MAX(high)', last: LAST_NUMBER },
  reference: { table: 'idx_reference', ascending: 'MIN(target)', descending: 'MAX(target)', last: LAST_TEXT },
  uri: { table: 'idx_uri', ascending: 'MIN(value)', descending: 'MAX(value)', last: LAST_TEXT },
};

/** `-date,name`. @throws SearchError UNKNOWN_PARAMETER, BAD_VALUE */
export function parseSort(type: string, text: string): readonly SortKey[] {
  const names = text.split(',').filter((name) => name !== '');
  if (names.length > MAX_SORT_KEYS) throw fail('BAD_VALUE', `lists more than ${MAX_SORT_KEYS} keys`);
  return names.map((name) => {
    const descending = name.startsWith('-');
    const code = descending ? name.slice(1) : name;
    if (code === '_id') return { kind: 'id', descending };
    if (code === '_lastUpdated') return { kind: 'updated', descending };
    const parameter = searchParameters(type).get(code);
    if (parameter === undefined || SORT_COLUMNS[parameter.kind] === undefined)
      throw fail('UNKNOWN_PARAMETER', `cannot sort by ${code}`);
    return { kind: 'parameter', parameter, descending };
  });
}

function fail(code: SearchError['code'], problem: string): SearchError {
  return new SearchError(code, `_sort ${problem}`, { details: { parameter: '_sort' } });
}
