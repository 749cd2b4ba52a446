import { localReference } from '../fhir/references.ts';
import { headsOf, parameterId } from './compile.ts';
import { SearchError } from './errors.ts';
import type { Include } from './includes.ts';
import type { Found } from './page.ts';
import { linkedTargets, type Reach, readable } from './resolve.ts';
import type { SearchSource } from './source.ts';
import { all, oneOf, type Sql } from './sql.ts';

/** Resources that includes may add to one page. */
const MAX_INCLUDED = 1_000;
/** Rounds of `:iterate`. */
const MAX_INCLUDE_ROUNDS = 4;

type Reached = Pick<Found, 'source' | 'key' | 'type' | 'id' | 'version'>;

/** What the includes add to the matches, each resource once, over all sources; only what the caller may read. */
export async function includedWith(
  matches: readonly Found[],
  includes: readonly Include[],
  reach: Reach,
): Promise<readonly Reached[]> {
  const seen = new Set(matches.map(nameOf));
  const added: Reached[] = [];
  let from: readonly Reached[] = matches;
  for (let round = 0; round < MAX_INCLUDE_ROUNDS && from.length > 0; round++) {
    const active = round === 0 ? includes : includes.filter(({ iterate }) => iterate);
    const fresh: Reached[] = [];
    for (const include of active) {
      for (const hit of await FOLLOW[include.direction](from, include, reach)) {
        if (!seen.has(nameOf(hit))) fresh.push(hit);
        seen.add(nameOf(hit));
      }
    }
    added.push(...fresh);
    if (added.length > MAX_INCLUDED) throw tooMany();
    from = fresh;
  }
  return added;
}

type Follow = (from: readonly Reached[], include: Include, reach: Reach) => Promise<readonly Reached[]>;

const FOLLOW: Readonly<Record<Include['direction'], Follow>> = { include: forward, revinclude: backward };

async function forward(
  from: readonly Reached[],
  { source: type, parameters, targetType }: Include,
  reach: Reach,
): Promise<readonly Reached[]> {
  const targets = new Set<string>();
  for (const source of reach.sources) {
    const keys = from.filter((hit) => hit.source === source && hit.type === type).map(({ key }) => key);
    const where = all(oneOf('key', keys), parameterIn(source, parameters));
    const rows = source.database
      .prepare(`SELECT DISTINCT target FROM idx_reference WHERE ${where.text}`)
      .all(...where.values);
    for (const row of rows) targets.add(String(row['target']));
  }
  const local = [...targets].flatMap((target) => localReference(target) ?? []);
  return heads(
    local.filter((target) => targetType === undefined || target.type === targetType),
    reach,
  );
}

async function backward(
  from: readonly Reached[],
  { source: type, parameters, targetType }: Include,
  reach: Reach,
): Promise<readonly Reached[]> {
  const wanted = from.filter((hit) => targetType === undefined || hit.type === targetType).map(nameOf);
  const targets = oneOf('target', await linkedTargets(wanted, reach));
  return reached(reach, (source) => {
    const rows = all(targets, parameterIn(source, parameters));
    const keys = `head.key IN (SELECT key FROM idx_reference WHERE ${rows.text})`;
    return all(headsOf(type, true), { text: keys, values: rows.values });
  });
}

function heads(
  targets: readonly { readonly type: string; readonly id: string }[],
  reach: Reach,
): Promise<readonly Reached[]> {
  const pairs = JSON.stringify(targets.map(({ type, id }) => [type, id]));
  return reached(reach, () => ({
    text: `head.deleted = 0 AND (head.type, head.id) IN
      (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))`,
    values: [pairs],
  }));
}

async function reached(reach: Reach, whereOf: (source: SearchSource) => Sql): Promise<readonly Reached[]> {
  const found: Reached[] = [];
  for (const source of reach.sources) {
    const where = await readable(source, whereOf(source), reach.permitted);
    const rows = source.database
      .prepare(
        `SELECT head.key, head.type, head.id, head.version FROM head WHERE ${where.text} ORDER BY head.position, head.id LIMIT ?`,
      )
      .all(...where.values, MAX_INCLUDED + 1);
    if (rows.length > MAX_INCLUDED) throw tooMany();
    for (const row of rows) {
      found.push({
        source,
        key: Number(row['key']),
        type: String(row['type']),
        id: String(row['id']),
        version: Number(row['version']),
      });
    }
  }
  return found;
}

function parameterIn(source: SearchSource, parameters: Include['parameters']): Sql {
  return oneOf(
    'param',
    parameters.flatMap((parameter) => parameterId(source.database, parameter) ?? []),
  );
}

function nameOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}/${id}`;
}

function tooMany(): SearchError {
  return new SearchError('TOO_COSTLY', `Includes add more than ${MAX_INCLUDED} resources`, {
    details: { limit: MAX_INCLUDED },
  });
}
