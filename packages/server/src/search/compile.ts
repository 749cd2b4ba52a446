import type { DatabaseSync } from 'node:sqlite';
import { compare, DATE } from './comparisons.ts';
import type { How } from './conditions.ts';
import type { ParameterDefinition, ParameterKind } from './definitions.ts';
import { identifierCode } from './extract.ts';
import { all, ALWAYS, any, NEVER, not, oneOf, type Sql } from './sql.ts';
import type { IndexTable } from './tables.ts';
import type { Value } from './values.ts';

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

/**
 * One condition as SQL on `head`. The most selective one drives the query: its `driving` form lists keys, and `head` is read by
 * key. All others only test the heads that it yields.
 */
interface Part {
  readonly testing: Sql;
  readonly driving?: Sql;
  /** Lower is expected to select fewer. */
  readonly rank: number;
}

const RANKS: Readonly<Record<IndexTable, number>> = {
  idx_reference: 1,
  idx_uri: 2,
  idx_string: 3,
  idx_composite: 4,
  idx_token: 5,
  idx_number: 6,
  idx_date: 7,
};

/** Between ids and references. */
const IDENTIFIER_RANK = 0.5;

/** The heads of a type that meet all conditions; tombstones never do. */
export function compile(database: DatabaseSync, type: string, conditions: readonly Resolved[]): Sql {
  const parts = conditions.map((condition) => partOf(database, condition));
  const driver = parts.filter(({ driving }) => driving !== undefined).sort((a, b) => a.rank - b.rank)[0];
  const tests = parts.map((part) => (part === driver ? (part.driving ?? part.testing) : part.testing));
  return all(headsOf(type, driver !== undefined && driver.rank > 0), ...tests);
}

/** The unary plus keeps SQLite from walking all heads of the type when keys are listed. */
export function headsOf(type: string, byKey: boolean): Sql {
  return { text: `${byKey ? '+' : ''}head.type = ? AND head.deleted = 0`, values: [type] };
}

function partOf(database: DatabaseSync, condition: Resolved): Part {
  switch (condition.kind) {
    case 'is-one-of':
      return idPart(condition.ids);
    case 'points-at':
      return holding(database, 'idx_reference', condition.parameter, oneOf('target', condition.targets));
    case 'missing':
      return missingPart(database, condition.parameter, condition.missing);
    case 'match':
      break;
  }
  const part = matchPart(database, condition.parameter, condition.how, condition.values);
  return condition.how === 'not' ? negated(part) : part;
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

function matchPart(
  database: DatabaseSync,
  parameter: ParameterDefinition,
  how: How,
  values: readonly Value[],
): Part {
  const inHead = HEAD_PARTS[parameter.code];
  if (inHead !== undefined) return inHead(values);
  const table = how === 'identifier' ? 'idx_token' : TABLES[parameter.kind];
  const part = holding(database, table, parameter, any(values.map((value) => compare(value, how))));
  return namesFew(parameter, how, values) ? { ...part, rank: IDENTIFIER_RANK } : part;
}

/** An identifier belongs to one resource or a few, whatever else is asked. */
function namesFew({ code }: ParameterDefinition, how: How, values: readonly Value[]): boolean {
  if (code !== 'identifier' && how !== 'identifier') return false;
  return values.every((value) => value.kind === 'token' && value.code !== undefined);
}

/** `:not` selects what has no row that matches, and so what has no row at all. */
function negated({ testing }: Part): Part {
  return test(not(testing));
}

/** `_id` and `_lastUpdated` stand in `head` itself. */
const HEAD_PARTS: Readonly<Record<string, (values: readonly Value[]) => Part>> = {
  _id: (values) => idPart(values.flatMap((value) => (value.kind === 'token' ? (value.code ?? []) : []))),
  _lastUpdated: (values) => {
    const columns = { low: 'head.updated', high: 'head.updated + 1' };
    return test(
      any(values.map((value) => (value.kind === 'date' ? DATE[value.prefix](value, columns) : NEVER))),
    );
  },
};

/** Driven by the key (type, id). */
function idPart(ids: readonly string[]): Part {
  const sql = oneOf('head.id', ids);
  return { testing: sql, driving: sql, rank: 0 };
}

function missingPart(database: DatabaseSync, parameter: ParameterDefinition, missing: boolean): Part {
  if (HEAD_PARTS[parameter.code] !== undefined) return test(missing ? NEVER : ALWAYS);
  const rows = [holding(database, TABLES[parameter.kind], parameter, ALWAYS)];
  if (parameter.kind === 'reference') {
    const identified = { ...parameter, code: identifierCode(parameter.code) };
    rows.push(holding(database, 'idx_token', identified, ALWAYS));
  }
  const present = any(rows.map(({ testing }) => testing));
  return test(missing ? not(present) : present);
}

/** The resource has a row of the parameter that meets `rows`. */
function holding(database: DatabaseSync, table: IndexTable, parameter: ParameterDefinition, rows: Sql): Part {
  const found = parameterId(database, parameter);
  if (found === undefined) return { testing: NEVER, driving: NEVER, rank: RANKS[table] };
  const values = [found, ...rows.values];
  return {
    testing: {
      text: `EXISTS (SELECT 1 FROM ${table} WHERE ${table}.key = head.key AND param = ? AND (${rows.text}))`,
      values,
    },
    driving: { text: `head.key IN (SELECT key FROM ${table} WHERE param = ? AND (${rows.text}))`, values },
    rank: RANKS[table],
  };
}

/** Undefined while no resource of the source has the parameter. */
export function parameterId(
  database: DatabaseSync,
  { type, code }: Pick<ParameterDefinition, 'type' | 'code'>,
): number | undefined {
  const found = database.prepare('SELECT id FROM parameter WHERE type = ? AND code = ?').get(type, code);
  return found === undefined ? undefined : Number(found['id']);
}

function test(testing: Sql): Part {
  return { testing, rank: Number.POSITIVE_INFINITY };
}
