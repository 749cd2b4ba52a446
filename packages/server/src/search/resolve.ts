import type { Condition } from './conditions.ts';
import { compile, type Resolved } from './compile.ts';
import { SearchError } from './errors.ts';
import { permittedClasses } from './permit.ts';
import type { SearchSource } from './source.ts';
import { all, oneOf, type Sql } from './sql.ts';
import type { Permitted } from '../store/types.ts';

/** Resources that one link of a chain may reach. */
const MAX_CHAIN_TARGETS = 100_000;

export interface Reach {
  readonly sources: readonly SearchSource[];
  readonly permitted: Permitted;
  readonly linkedPatients: (patientId: string) => Promise<readonly string[]>;
}

/**
 * Follows chains and `_has` from their far end, each link over all sources and only over what the caller may read, so that an
 * unreadable record never shows through what points at it.
 */
export async function resolve(conditions: readonly Condition[], reach: Reach): Promise<readonly Resolved[]> {
  const resolved: Resolved[] = [];
  for (const condition of conditions) resolved.push(await resolveOne(condition, reach));
  return resolved;
}

async function resolveOne(condition: Condition, reach: Reach): Promise<Resolved> {
  if (condition.kind === 'missing') return condition;
  if (condition.kind === 'match') {
    return {
      ...condition,
      values: await Promise.all(condition.values.map((value) => withLinked(value, reach))),
    };
  }
  if (condition.kind === 'has') return { kind: 'is-one-of', ids: await pointedAt(condition, reach) };
  const targets: string[] = [];
  for (const { type, condition: inner } of condition.branches) {
    for (const id of await reachable(type, inner, reach)) targets.push(`${type}/${id}`);
  }
  return { kind: 'points-at', parameter: condition.parameter, targets: await linkedTargets(targets, reach) };
}

type Value = Extract<Condition, { kind: 'match' }>['values'][number];

/** Any linked id means the person (health.md section 6). */
async function withLinked(value: Value, reach: Reach): Promise<Value> {
  if (value.kind !== 'reference') return value;
  return { ...value, targets: await linkedTargets(value.targets, reach) };
}

export async function linkedTargets(targets: readonly string[], reach: Reach): Promise<readonly string[]> {
  const found = new Set(targets);
  for (const target of targets) {
    if (!target.startsWith('Patient/')) continue;
    for (const id of await reach.linkedPatients(target.slice('Patient/'.length))) found.add(`Patient/${id}`);
  }
  return [...found];
}

async function reachable(type: string, condition: Condition, reach: Reach): Promise<readonly string[]> {
  const inner = await resolve([condition], reach);
  const ids: string[] = [];
  for (const source of reach.sources) {
    const where = await readableWhere(source, type, inner, reach.permitted);
    const rows = source.database
      .prepare(`SELECT head.id FROM head WHERE ${where.text} LIMIT ?`)
      .all(...where.values, MAX_CHAIN_TARGETS + 1);
    for (const row of rows) ids.push(String(row['id']));
  }
  return bounded(ids);
}

async function pointedAt({ type: wanted, parameter, branch }: Has, reach: Reach): Promise<readonly string[]> {
  const inner = await resolve([branch.condition], reach);
  const targets = new Set<string>();
  for (const source of reach.sources) {
    const where = await readableWhere(source, branch.type, inner, reach.permitted);
    const rows = source.database
      .prepare(
        `SELECT DISTINCT r.target FROM idx_reference r JOIN parameter p ON p.id = r.param JOIN head ON head.key = r.key
         WHERE p.type = ? AND p.code = ? AND ${where.text} LIMIT ?`,
      )
      .all(parameter.type, parameter.code, ...where.values, MAX_CHAIN_TARGETS + 1);
    for (const row of rows) targets.add(String(row['target']));
  }
  const own = bounded([...targets]).filter((target) => target.startsWith(`${wanted}/`));
  return (await linkedTargets(own, reach)).map((target) => target.slice(wanted.length + 1));
}

type Has = Extract<Condition, { kind: 'has' }>;

/** The condition and, on top, the classes of its candidates that the caller may read. */
export async function readableWhere(
  source: SearchSource,
  type: string,
  conditions: readonly Resolved[],
  permitted: Permitted,
): Promise<Sql> {
  return readable(source, compile(source.database, type, conditions), permitted);
}

/** Narrows any condition on `head` to what the caller may read. */
export async function readable(source: SearchSource, where: Sql, permitted: Permitted): Promise<Sql> {
  const classes = source.database
    .prepare(
      `SELECT head.class AS class, MIN(head.id) AS id, head.version AS version FROM head WHERE ${where.text} GROUP BY head.class`,
    )
    .all(...where.values);
  const allowed = await permittedClasses(source.database, classes, permitted);
  return all(where, oneOf('head.class', allowed));
}

function bounded(ids: readonly string[]): readonly string[] {
  if (ids.length <= MAX_CHAIN_TARGETS) return ids;
  throw new SearchError('TOO_COSTLY', `A chain reaches more than ${MAX_CHAIN_TARGETS} resources`, {
    details: { limit: MAX_CHAIN_TARGETS },
  });
}
