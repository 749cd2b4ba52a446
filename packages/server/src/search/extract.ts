import { dateInterval, HIGHEST, type Interval, LOWEST, periodInterval } from '../fhir/intervals.ts';
import { localReference } from '../fhir/references.ts';
import { isObject, listOf, type PlainObject, type PlainResource, textAt } from '../fhir/resource.ts';
import {
  type Component,
  type ParameterDefinition,
  type ParameterKind,
  searchParameters,
} from './definitions.ts';
import { evaluate, type Path } from './expression.ts';
import { fold } from './fold.ts';
import { parameterName } from './parameters-of.ts';
import type { IndexTable } from './tables.ts';

/** One index row: the parameter's code, and the values of the table's columns between `param` and `key`. */
export interface Row {
  readonly table: IndexTable;
  readonly code: string;
  readonly values: readonly (string | number)[];
}

/** Identifiers of references stand among the tokens under this code (modifier :identifier). */
export const identifierCode = (code: string): string => `${code}:identifier`;

/** Longest text that an index keeps; what is longer is found by its beginning. */
const MAX_INDEXED_TEXT = 512;

/** Kept in `head`, not in index rows. */
const IN_HEAD: ReadonlySet<string> = new Set(['_id', '_lastUpdated']);

/** Every index row of a resource, without repeats; with `only`, those of the parameters named there (`Type.code`). */
export function extractRows(
  resource: PlainResource,
  bases: readonly string[],
  only?: ReadonlySet<string>,
): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const definition of searchParameters(resource.resourceType).values()) {
    if (IN_HEAD.has(definition.code) || only?.has(parameterName(definition)) === false) continue;
    for (const row of rowsOf(definition, resource, bases))
      rows.set(`${row.table}\n${row.code}\n${row.values.join('\n')}`, row);
  }
  return [...rows.values()];
}

function rowsOf(
  definition: ParameterDefinition,
  resource: PlainResource,
  bases: readonly string[],
): readonly Row[] {
  const { code, kind, components } = definition;
  const values = all(resource, definition.paths);
  if (components !== undefined) return values.flatMap((value) => compositeRows(code, value, components));
  return values.flatMap((value) => EXTRACT[kind](code, value, bases));
}

function all(from: unknown, paths: readonly Path[]): readonly unknown[] {
  return paths.flatMap((path) => evaluate(from, path));
}

type Extract = (code: string, value: unknown, bases: readonly string[]) => readonly Row[];

const EXTRACT: Readonly<Record<ParameterKind, Extract>> = {
  token: (code, value) =>
    tokensOf(value).map((token) => ({ table: 'idx_token', code, values: [token.code, token.system] })),
  string: (code, value) =>
    stringsOf(value).map((text) => ({ table: 'idx_string', code, values: [fold(text), text] })),
  date: (code, value) =>
    intervalsOf(value).map(({ low, high }) => ({ table: 'idx_date', code, values: [low, high] })),
  number: (code, value) => quantitiesOf(value).map((quantity) => quantityRow(code, quantity)),
  quantity: (code, value) => quantitiesOf(value).map((quantity) => quantityRow(code, quantity)),
  reference: (code, value, bases) => referenceRows(code, value, bases),
  uri: (code, value) => (typeof value === 'string' ? [{ table: 'idx_uri', code, values: [value] }] : []),
  composite: () => [],
};

interface Token {
  readonly system: string;
  readonly code: string;
}

/** Of Coding, CodeableConcept, Identifier, ContactPoint, code, boolean, id, string. */
function tokensOf(value: unknown): readonly Token[] {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return [{ system: '', code: String(value) }];
  if (!isObject(value)) return [];
  if ('coding' in value) return listOf(value['coding']).flatMap(tokensOf);
  const code = value['code'] ?? value['value'];
  if (typeof code !== 'string') return [];
  return [{ system: typeof value['system'] === 'string' ? value['system'] : '', code }];
}

const NAME_PARTS = ['family', 'given', 'prefix', 'suffix', 'text'];
const ADDRESS_PARTS = ['line', 'city', 'district', 'state', 'postalCode', 'country', 'text'];

function stringsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value.slice(0, MAX_INDEXED_TEXT)];
  if (!isObject(value)) return [];
  const parts =
    'family' in value || 'given' in value ? NAME_PARTS : [...new Set([...NAME_PARTS, ...ADDRESS_PARTS])];
  return parts.flatMap((part) =>
    listOf(value[part]).flatMap((member) => (typeof member === 'string' ? stringsOf(member) : [])),
  );
}

function intervalsOf(value: unknown): readonly Interval[] {
  const interval =
    typeof value === 'string' ? dateInterval(value) : isObject(value) ? spanOf(value) : undefined;
  return interval === undefined ? [] : [interval];
}

/** Of a Period, or from the first to the last date that a Timing names. */
function spanOf(value: PlainObject): Interval | undefined {
  if ('start' in value || 'end' in value) return periodInterval(value['start'], value['end']);
  const repeat = isObject(value['repeat']) ? value['repeat']['boundsPeriod'] : undefined;
  const bounds = isObject(repeat) ? periodInterval(repeat['start'], repeat['end']) : undefined;
  const events = listOf(value['event']).flatMap((event) =>
    typeof event === 'string' ? (dateInterval(event) ?? []) : [],
  );
  const spans = bounds === undefined ? events : [...events, bounds];
  if (spans.length === 0) return undefined;
  return { low: Math.min(...spans.map(({ low }) => low)), high: Math.max(...spans.map(({ high }) => high)) };
}

interface IndexedQuantity {
  readonly low: number;
  readonly high: number;
  readonly system: string;
  readonly code: string;
  readonly unit: string;
}

function quantitiesOf(value: unknown): readonly IndexedQuantity[] {
  if (typeof value === 'number') return [{ low: value, high: value, system: '', code: '', unit: '' }];
  if (!isObject(value)) return [];
  if (isObject(value['low']) || isObject(value['high'])) return rangeOf(value);
  const number = value['value'];
  if (typeof number !== 'number') return [];
  const comparator = typeof value['comparator'] === 'string' ? value['comparator'] : '';
  return [
    {
      low: comparator.startsWith('<') ? LOWEST : number,
      high: comparator.startsWith('>') ? HIGHEST : number,
      ...unitOf(value),
    },
  ];
}

function rangeOf(range: PlainObject): readonly IndexedQuantity[] {
  const low = isObject(range['low']) ? range['low'] : {};
  const high = isObject(range['high']) ? range['high'] : {};
  const from = typeof low['value'] === 'number' ? low['value'] : LOWEST;
  const to = typeof high['value'] === 'number' ? high['value'] : HIGHEST;
  return [{ low: from, high: to, ...unitOf('code' in low || 'unit' in low ? low : high) }];
}

const CURRENCIES = 'urn:iso:std:iso:4217';

function unitOf(value: PlainObject): Pick<IndexedQuantity, 'system' | 'code' | 'unit'> {
  if (typeof value['currency'] === 'string')
    return { system: CURRENCIES, code: value['currency'], unit: value['currency'] };
  const text = (name: string): string => (typeof value[name] === 'string' ? value[name] : '');
  return { system: text('system'), code: text('code'), unit: text('unit') };
}

function quantityRow(code: string, quantity: IndexedQuantity): Row {
  return {
    table: 'idx_number',
    code,
    values: [quantity.low, quantity.high, quantity.system, quantity.code, quantity.unit],
  };
}

function referenceRows(code: string, value: unknown, bases: readonly string[]): readonly Row[] {
  if (typeof value === 'string') return targetRows(code, value, bases);
  if (!isObject(value)) return [];
  if (typeof value['resourceType'] === 'string')
    return targetRows(code, `${value['resourceType']}/${textAt(value, 'id')}`, bases);
  const identified = tokensOf(value['identifier']).map((token): Row => ({
    table: 'idx_token',
    code: identifierCode(code),
    values: [token.code, token.system],
  }));
  return typeof value['reference'] === 'string'
    ? [...targetRows(code, value['reference'], bases), ...identified]
    : identified;
}

function targetRows(code: string, target: string, bases: readonly string[]): readonly Row[] {
  if (target.startsWith('#')) return [];
  return [{ table: 'idx_reference', code, values: [normalTarget(target, bases)] }];
}

/** `Type/id` for every local reference, without version; a canonical or foreign URL as written, without `|version`. */
export function normalTarget(target: string, bases: readonly string[]): string {
  const local = localReference(target, bases);
  return local === undefined ? target.replace(/\|[^|]*$/, '') : `${local.type}/${local.id}`;
}

const BLANK = { code: '', system: '', low: 0, high: 0, unit: '', folded: '', exact: '' };

/** One row for each combination of the two components' values at one element. */
function compositeRows(
  code: string,
  element: unknown,
  [first, second]: readonly [Component, Component],
): readonly Row[] {
  const leading = all(element, first.paths).flatMap(tokensOf);
  if (leading.length === 0) return [];
  const trailing = all(element, second.paths).flatMap((value) => COMPOSE[second.kind]?.(value) ?? []);
  return leading.flatMap((token) =>
    trailing.map((part): Row => {
      const columns = { ...BLANK, ...part };
      const rest = [
        columns.code,
        columns.system,
        columns.low,
        columns.high,
        columns.unit,
        columns.folded,
        columns.exact,
      ];
      return { table: 'idx_composite', code, values: [token.code, token.system, ...rest] };
    }),
  );
}

const COMPOSE: Readonly<
  Partial<Record<ParameterKind, (value: unknown) => readonly Partial<typeof BLANK>[]>>
> = {
  token: tokensOf,
  date: intervalsOf,
  number: quantitiesOf,
  quantity: quantitiesOf,
  string: (value) => stringsOf(value).map((text) => ({ folded: fold(text), exact: text })),
};
