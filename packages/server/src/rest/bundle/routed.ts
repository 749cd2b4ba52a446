import { typeRow } from '../../fhir/index.ts';
import { type CreateCondition, lockKeys } from '../conditions.ts';
import { RestError } from '../error.ts';
import type { Interaction, InteractionName } from '../interactions.ts';
import { isFaceKind } from '../located.ts';
import { assertOpen } from '../purpose.ts';
import { routeOf } from '../routing.ts';
import type { Visit } from '../visit.ts';
import { type Entry, placeOf } from './entries.ts';

export interface RoutedEntry {
  readonly entry: Entry;
  readonly row: Interaction;
  readonly path: Readonly<Record<string, string>>;
}

const WRITES: ReadonlySet<InteractionName> = new Set(['create', 'update', 'delete']);

/**
 * The interaction of every entry of a transaction: a create, update or delete of a stored type, or a GET.
 *
 * @throws RestError for an entry that is none of them, or not open to the caller's role and purpose
 */
export function routed(visit: Visit, entries: readonly Entry[]): RoutedEntry[] {
  return entries.map((entry) => {
    const expression = `${placeOf(entry.index)}.request.url`;
    const route = routeOf(entry.method, entry.pathname);
    if (route === undefined)
      throw new RestError('UNKNOWN_PATH', `${expression} names no interaction of this server`, {
        details: { expression },
      });
    assertOpen(visit, route.row);
    assertPossible(entry, route.row, route.path['type']);
    return { entry, ...route };
  });
}

function assertPossible(entry: Entry, row: Interaction, type: string | undefined): void {
  const expression = `${placeOf(entry.index)}.request.url`;
  if (type !== undefined && typeRow(type) === undefined) {
    throw new RestError('UNKNOWN_TYPE', `${expression} names no resource type of FHIR R4`, {
      details: { expression },
    });
  }
  if (row.method !== 'GET' && !WRITES.has(row.name)) {
    throw new RestError('BUSINESS_RULE', `${row.name} is not possible within a transaction`, {
      details: { expression },
    });
  }
  if (row.method !== 'GET' && type !== undefined && isFaceKind(typeRow(type)?.kind)) {
    const message = `${type} is a transaction of its own: send it alone, or in a batch`;
    throw new RestError('BUSINESS_RULE', message, { details: { expression } });
  }
}

/** Keys under which the conditional creates of a transaction exclude others. */
export function conditionKeys(entries: readonly RoutedEntry[]): string[] {
  return entries.flatMap(({ entry, row, path }) => {
    if (row.name !== 'create' || entry.resource === undefined) return [];
    const condition: CreateCondition = {
      type: path['type'] as string,
      resource: entry.resource,
      ifNoneExist: entry.ifNoneExist,
    };
    return lockKeys(condition);
  });
}
