import type { DatabaseSync } from 'node:sqlite';
import type { How } from './conditions.ts';
import type { ParameterDefinition, ParameterKind } from './definitions.ts';
import { identifierCode } from './extract.ts';
import { prefixEnd } from './fold.ts';
import type { IndexTable } from './tables.ts';
import type { Prefix, Value } from './values.ts';

/** A condition whose chains have been followed: it can be decided from one resource's own rows. */
export type Resolved =
  | {
      readonly kind: 'match';
      readonly parameter: ParameterDefinition;
      readonly how: How;
      readonly values: readonly Value[];
    }
  | { readonly kind: 'missing'; readonly parameter: ParameterDefinition; readonly missing: boolean }
  /** A reference to one of these (`Type/id`). */
  | {
      readonly kind: 'points-at';
      readonly parameter: ParameterDefinition;
      readonly targets: readonly string[];
    }
  /** One of these logical ids. */
  | { readonly kind: 'is-one-of'; readonly ids: readonly string[] };

/** Text with placeholders and their values, in order. Values never enter the text. */
export interface Sql {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

export const NEVER: Sql = { text: '0', values: [] };

export function all(...parts: readonly Sql[]): Sql {
  return joined(parts, ' AND ', '1');
}

function any(parts: readonly Sql[]): Sql {
  return joined(parts, ' OR ', '0');
}

function joined(parts: readonly Sql[], between: string, none: string): Sql {
  if (parts.length === 0) return { text: none, values: [] };
  return {
    text: parts.map((part) => `(${part.text})`).join(between),
    values: parts.flatMap((part) => part.values),
  };
}

/** The heads of a type that meet all conditions; tombstones never do. */
export function compile(database: DatabaseSync, type: string, conditions: readonly Resolved[]): Sql {
  const base: Sql = { text: 'head.type = ? AND head.deleted = 0', values: [type] };
  return all(base, ...conditions.map((condition) => compileOne(database, condition)));
}

function compileOne(database: DatabaseSync, condition: Resolved): Sql {
  switch (condition.kind) {
    case 'is-one-of':
      return { text: 'head.id IN (SELECT value FROM json_each(?))', values: [JSON.stringify(condition.ids)] };
    case 'points-at':
      return holding(database, 'idx_reference', condition.parameter, oneOfTargets(condition.targets));
    case 'missing':
      return compileMissing(database, condition.parameter, condition.missing);
    case 'match':
      break;
  }
  return compileMatch(database, condition.parameter, condition.how, condition.values);
}

const TABLES: Readonly<Record<ParameterKind, IndexTable>> = {
  token: 'idx_token',
  string: 'idx_string',
  date: 'idx_date',
  number: 'idx_number',
  quantity: 'idx_number',
  reference: 'idx_reference',
  uri: 'idx_uri',
  composite: 'idx_composite',
};

function compileMatch(
  database: DatabaseSync,
  parameter: ParameterDefinition,
  how: How,
  values: readonly Value[],
): Sql {
  const inHead = HEAD_MATCH[parameter.code];
  if (inHead !== undefined) return negated(any(values.map(inHead)), how);
  const table = how === 'identifier' ? 'idx_token' : TABLES[parameter.kind];
  return negated(holding(database, table, parameter, any(values.map((value) => compare(value, how)))), how);
}

/** `:not` selects what has no row that matches, and so what has no row at all. */
function negated(sql: Sql, how: How): Sql {
  return how === 'not' ? { text: `NOT (${sql.text})`, values: sql.values } : sql;
}

/** `_id` and `_lastUpdated` stand in `head` itself. */
const HEAD_MATCH: Readonly<Record<string, (value: Value) => Sql>> = {
  _id: (value) => (value.kind === 'token' ? { text: 'head.id = ?', values: [value.code ?? ''] } : NEVER),
  _lastUpdated: (value) => {
    if (value.kind !== 'date') return NEVER;
    return DATE[value.prefix](value, { low: 'head.updated', high: 'head.updated + 1' });
  },
};

function compileMissing(database: DatabaseSync, parameter: ParameterDefinition, missing: boolean): Sql {
  if (HEAD_MATCH[parameter.code] !== undefined) return { text: missing ? '0' : '1', values: [] };
  const anything: Sql = { text: '1', values: [] };
  const rows = [holding(database, TABLES[parameter.kind], parameter, anything)];
  if (parameter.kind === 'reference') {
    rows.push(
      holding(database, 'idx_token', { ...parameter, code: identifierCode(parameter.code) }, anything),
    );
  }
  const present = any(rows);
  return missing ? { text: `NOT (${present.text})`, values: present.values } : present;
}

function holding(database: DatabaseSync, table: IndexTable, parameter: ParameterDefinition, rows: Sql): Sql {
  const found = database
    .prepare('SELECT id FROM parameter WHERE type = ? AND code = ?')
    .get(parameter.type, parameter.code);
  if (found === undefined) return NEVER;
  return {
    text: `head.key IN (SELECT key FROM ${table} WHERE param = ? AND (${rows.text}))`,
    values: [Number(found['id']), ...rows.values],
  };
}

export function oneOfTargets(targets: readonly string[]): Sql {
  return { text: 'target IN (SELECT value FROM json_each(?))', values: [JSON.stringify(targets)] };
}

function compare(value: Value, how: How): Sql {
  switch (value.kind) {
    case 'token':
      return compareToken(value, { code: 'code', system: 'system' });
    case 'string':
      return compareString(value, how);
    case 'date':
      return DATE[value.prefix](value, { low: 'low', high: 'high' });
    case 'number':
      return all(NUMBER[value.prefix](value), compareUnit(value));
    case 'reference':
      return oneOfTargets(value.targets);
    case 'uri':
      return { text: 'value = ?', values: [value.text] };
    case 'composite':
      break;
  }
  return all(compareFirst(value.first), compare(value.second, how));
}

function compareFirst(value: Value): Sql {
  return value.kind === 'token' ? compareToken(value, { code: 'first_code', system: 'first_system' }) : NEVER;
}

function compareToken(
  value: Extract<Value, { kind: 'token' }>,
  columns: { readonly code: string; readonly system: string },
): Sql {
  const parts: Sql[] = [];
  if (value.code !== undefined) parts.push({ text: `${columns.code} = ?`, values: [value.code] });
  if (value.system !== undefined) parts.push({ text: `${columns.system} = ?`, values: [value.system] });
  return all(...parts);
}

function compareString(value: Extract<Value, { kind: 'string' }>, how: How): Sql {
  if (how === 'exact') return { text: 'folded = ? AND exact = ?', values: [value.folded, value.text] };
  if (how === 'contains') return { text: 'instr(folded, ?) > 0', values: [value.folded] };
  return { text: 'folded >= ? AND folded < ?', values: [value.folded, prefixEnd(value.folded)] };
}

type DateValue = Extract<Value, { kind: 'date' }>;
type Columns = { readonly low: string; readonly high: string };

/** The row's interval against the value's, both half open (FHIR R4, search.html section 3.1.1.4.4). */
const DATE: Readonly<Record<Prefix, (value: DateValue, columns: Columns) => Sql>> = {
  eq: ({ low, high }, row) => ({ text: `${row.low} >= ? AND ${row.high} <= ?`, values: [low, high] }),
  ne: ({ low, high }, row) => ({ text: `NOT (${row.low} >= ? AND ${row.high} <= ?)`, values: [low, high] }),
  gt: ({ high }, row) => ({ text: `${row.high} > ?`, values: [high] }),
  lt: ({ low }, row) => ({ text: `${row.low} < ?`, values: [low] }),
  ge: ({ low, high }, row) => ({
    text: `${row.high} > ? OR (${row.low} >= ? AND ${row.high} <= ?)`,
    values: [high, low, high],
  }),
  le: ({ low, high }, row) => ({
    text: `${row.low} < ? OR (${row.low} >= ? AND ${row.high} <= ?)`,
    values: [low, low, high],
  }),
  sa: ({ high }, row) => ({ text: `${row.low} >= ?`, values: [high] }),
  eb: ({ low }, row) => ({ text: `${row.high} <= ?`, values: [low] }),
  ap: (value, row) => ({ text: `${row.low} < ? AND ${row.high} > ?`, values: around(value) }),
};

/** Approximate: the interval itself and a tenth of its length, at least a day, on either side. */
function around({ low, high }: DateValue): readonly [number, number] {
  const margin = Math.max((high - low) / 10, 86_400_000);
  return [high + margin, low - margin];
}

type NumberValue = Extract<Value, { kind: 'number' }>;

/** Rows are closed intervals, points for plain numbers; only eq and ne heed the value's written precision. */
const NUMBER: Readonly<Record<Prefix, (value: NumberValue) => Sql>> = {
  eq: ({ low, high }) => ({ text: 'low >= ? AND high < ?', values: [low, high] }),
  ne: ({ low, high }) => ({ text: 'NOT (low >= ? AND high < ?)', values: [low, high] }),
  gt: ({ value }) => ({ text: 'high > ?', values: [value] }),
  lt: ({ value }) => ({ text: 'low < ?', values: [value] }),
  ge: ({ value }) => ({ text: 'high >= ?', values: [value] }),
  le: ({ value }) => ({ text: 'low <= ?', values: [value] }),
  sa: ({ value }) => ({ text: 'low > ?', values: [value] }),
  eb: ({ value }) => ({ text: 'high < ?', values: [value] }),
  ap: ({ value }) => ({
    text: 'low <= ? AND high >= ?',
    values: [value + Math.abs(value) / 10, value - Math.abs(value) / 10],
  }),
};

/** A unit without a system may be the coded or the written one. */
function compareUnit({ unit }: NumberValue): Sql {
  if (unit === undefined) return all();
  if (unit.system === undefined) return { text: 'code = ? OR unit = ?', values: [unit.code, unit.code] };
  return { text: 'system = ? AND code = ?', values: [unit.system, unit.code] };
}
