import type { How } from './conditions.ts';
import { prefixEnd } from './fold.ts';
import { all, NEVER, oneOf, type Sql } from './sql.ts';
import type { Prefix, Value } from './values.ts';

/** What a row of the parameter's table has to meet. */
export function compare(value: Value, how: How): Sql {
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
      return oneOf('target', value.targets);
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
export const DATE: Readonly<Record<Prefix, (value: DateValue, columns: Columns) => Sql>> = {
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
