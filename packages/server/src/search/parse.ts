import { localReference } from '../fhir/references.ts';
import { typeRow } from '../fhir/type-table.ts';
import { type Condition, parseCondition } from './conditions.ts';
import { SearchError } from './errors.ts';
import { type Include, parseInclude } from './includes.ts';
import { parseSort, type SortKey } from './sort.ts';

const SUMMARIES = ['true', 'text', 'data', 'count', 'false'] as const;
type Summary = (typeof SUMMARIES)[number];

/** A parsed query: see `parseSearch`. */
export interface SearchQuery {
  readonly type: string;
  readonly conditions: readonly Condition[];
  readonly sort: readonly SortKey[];
  readonly includes: readonly Include[];
  /** 0 asks for the total alone. */
  readonly count: number;
  readonly total: 'none' | 'accurate';
  readonly summary: Summary;
  readonly elements?: readonly string[];
  /** `next` of the page before. */
  readonly cursor?: string;
  /** The parameters that were understood, in order: the self link shows these and no others. */
  readonly understood: readonly (readonly [string, string])[];
  /** The names of those ignored under lenient handling. */
  readonly ignored: readonly string[];
  /** `id` of every Patient that the query names as owner (patient, subject, beneficiary …, `_id` for Patient itself). */
  readonly patients: readonly string[];
}

const DEFAULT_COUNT = 50;
export const MAX_COUNT = 1_000;
export const MAX_PARAMETERS = 50;

/** Parameters of the response format, understood elsewhere and no condition. */
const FORMAT: ReadonlySet<string> = new Set(['_format', '_pretty', '_contained']);

export interface ParseOptions {
  /** `Prefer: handling=`: lenient ignores unknown parameters, strict (the default) refuses them. */
  readonly handling?: 'strict' | 'lenient';
  readonly bases?: readonly string[];
}

interface Draft {
  conditions: Condition[];
  sort: readonly SortKey[];
  includes: Include[];
  count: number;
  total: 'none' | 'accurate';
  summary: Summary;
  elements?: readonly string[];
  cursor?: string;
}

type Control = (draft: Draft, value: string, type: string, modifier: string | undefined) => void;

const CONTROLS: Readonly<Record<string, Control>> = {
  _sort: (draft, value, type) => (draft.sort = parseSort(type, value)),
  _count: (draft, value) => (draft.count = parseCount(value)),
  _total: (draft, value) =>
    (draft.total = oneOf('_total', value, ['none', 'estimate', 'accurate']) === 'none' ? 'none' : 'accurate'),
  _summary: (draft, value) => (draft.summary = oneOf('_summary', value, SUMMARIES)),
  _elements: (draft, value) => (draft.elements = value.split(',').filter((name) => name !== '')),
  _cursor: (draft, value) => (draft.cursor = value),
  _include: (draft, value, type, modifier) =>
    draft.includes.push(parseInclude('include', type, value, modifier)),
  _revinclude: (draft, value, type, modifier) =>
    draft.includes.push(parseInclude('revinclude', type, value, modifier)),
};

/**
 * `type` is a resource type of R4; parameters are percent-decoded names and values. Repeated parameters all have to hold.
 *
 * @throws SearchError UNKNOWN_PARAMETER (strict handling), UNSUPPORTED_MODIFIER, BAD_VALUE, TOO_COSTLY, TOO_MANY_PARAMETERS
 */
export function parseSearch(
  type: string,
  parameters: Iterable<readonly [string, string]>,
  { handling = 'strict', bases = [] }: ParseOptions = {},
): SearchQuery {
  const given = [...parameters];
  if (given.length > MAX_PARAMETERS)
    throw new SearchError('TOO_MANY_PARAMETERS', `More than ${MAX_PARAMETERS} parameters`);
  const draft: Draft = {
    conditions: [],
    sort: [],
    includes: [],
    count: DEFAULT_COUNT,
    total: 'accurate',
    summary: 'false',
  };
  const understood: (readonly [string, string])[] = [];
  const ignored: string[] = [];
  for (const [name, value] of given) {
    if (take(draft, type, name, value, { handling, bases })) understood.push([name, value]);
    else ignored.push(name);
  }
  if (draft.summary === 'count') draft.count = 0;
  return { type, ...draft, understood, ignored, patients: patientsNamed(type, draft.conditions) };
}

/** False for an unknown parameter under lenient handling. */
function take(
  draft: Draft,
  type: string,
  name: string,
  value: string,
  options: Required<ParseOptions>,
): boolean {
  if (FORMAT.has(name)) return true;
  const [control = '', modifier] = name.split(':');
  try {
    if (Object.hasOwn(CONTROLS, control)) CONTROLS[control]?.(draft, value, type, modifier);
    else draft.conditions.push(parseCondition(type, name, value, options));
    return true;
  } catch (error) {
    const unknown = error instanceof SearchError && error.code === 'UNKNOWN_PARAMETER';
    if (unknown && options.handling === 'lenient') return false;
    throw error;
  }
}

function parseCount(value: string): number {
  if (!/^\d{1,9}$/.test(value))
    throw new SearchError('BAD_VALUE', '_count is not a number', { details: { parameter: '_count' } });
  return Math.min(Number(value), MAX_COUNT);
}

function oneOf<T extends string>(parameter: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new SearchError('BAD_VALUE', `${parameter} is none of ${allowed.join(', ')}`, {
    details: { parameter },
  });
}

function patientsNamed(type: string, conditions: readonly Condition[]): readonly string[] {
  const owners = typeRow(type)?.owners ?? [];
  const found = conditions.flatMap((condition) => {
    if (condition.kind !== 'match' || condition.how !== 'plain') return [];
    if (type === 'Patient' && condition.parameter.code === '_id') return idsOf(condition.values);
    const owner = condition.parameter.paths.some((path) => owners.includes(path.elements));
    return owner && condition.parameter.kind === 'reference' ? patientIds(condition.values) : [];
  });
  return [...new Set(found)];
}

type Values = Extract<Condition, { kind: 'match' }>['values'];

function idsOf(values: Values): readonly string[] {
  return values.flatMap((value) => (value.kind === 'token' && value.code !== undefined ? [value.code] : []));
}

function patientIds(values: Values): readonly string[] {
  return values.flatMap((value) => {
    if (value.kind !== 'reference') return [];
    return value.targets.flatMap((target) =>
      target.startsWith('Patient/') ? [localReference(target)?.id ?? ''] : [],
    );
  });
}
