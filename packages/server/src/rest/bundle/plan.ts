import { randomUuid, type RecordId } from '@healthchain/core';
import { identifiersOf, typeRow, withId } from '../../fhir/index.ts';
import type { ExactResource } from '../../ports.ts';
import type { StoredVersion } from '../../store/index.ts';
import { type Rendered } from '../answers.ts';
import { existing } from '../conditions.ts';
import { RestError } from '../error.ts';
import { ifMatchVersion } from '../headers.ts';
import { locate } from '../located.ts';
import { restErrorOf } from '../outcome.ts';
import type { Visit } from '../visit.ts';
import { assertMatch, writableHead } from '../writes.ts';
import { assertStorable } from '../write/validity.ts';
import { type Entry, malformed, placeOf } from './entries.ts';
import type { RoutedEntry } from './routed.ts';

/** What an entry of a transaction comes to, before references are rewritten. */
export type Planned =
  | { readonly kind: 'read'; readonly entry: Entry }
  | { readonly kind: 'existing'; readonly entry: Entry; readonly found: Rendered }
  | { readonly kind: 'duplicate'; readonly entry: Entry; readonly type: string; readonly id: RecordId }
  | {
      readonly kind: 'write';
      readonly entry: Entry;
      readonly type: string;
      readonly id: RecordId;
      readonly resource: ExactResource;
      readonly previous: StoredVersion | undefined;
    }
  | { readonly kind: 'delete'; readonly entry: Entry; readonly head: StoredVersion };

/**
 * Looks up what every entry is about: deletes, creates, updates, in FHIR's order, so that a create sees what is deleted with it.
 *
 * @throws RestError of the first entry that cannot be done, placed; MALFORMED when two entries write one resource
 */
export async function planOf(visit: Visit, routed: readonly RoutedEntry[]): Promise<Planned[]> {
  const planned: Planned[] = [];
  const deleted = new Set<string>();
  const directory = new Map<string, string>();
  for (const { entry, row, path } of routed.toSorted((left, right) => orderOf(left) - orderOf(right))) {
    const type = path['type'] as string;
    try {
      if (row.name === 'delete')
        planned.push(await planDelete(visit, entry, type, path['id'] as string, deleted));
      else if (row.name === 'create') planned.push(await planCreate(visit, entry, type, deleted, directory));
      else if (row.name === 'update')
        planned.push(await planUpdate(visit, entry, type, path['id'] as string));
      else planned.push({ kind: 'read', entry });
    } catch (cause) {
      throw atEntry(entry, cause);
    }
  }
  assertOneWriteEach(planned);
  return planned.sort((left, right) => left.entry.index - right.entry.index);
}

const ORDER: readonly string[] = ['delete', 'create', 'update'];

function orderOf({ row }: RoutedEntry): number {
  const place = ORDER.indexOf(row.name);
  return place < 0 ? ORDER.length : place;
}

async function planDelete(
  visit: Visit,
  entry: Entry,
  type: string,
  id: string,
  deleted: Set<string>,
): Promise<Planned> {
  const located = await locate(visit, type, id);
  if (located.kind === 'face') throw new RestError('METHOD_NOT_ALLOWED', `${type} cannot be deleted`);
  const head = await writableHead(visit, type, located);
  assertMatch(ifMatchVersion(entry.ifMatch), head);
  deleted.add(`${type}/${id}`);
  return { kind: 'delete', entry, head };
}

async function planCreate(
  visit: Visit,
  entry: Entry,
  type: string,
  deleted: ReadonlySet<string>,
  directory: Map<string, string>,
): Promise<Planned> {
  const resource = resourceOf(entry, type);
  const found = await existing(visit, { type, resource, ifNoneExist: entry.ifNoneExist });
  if (found !== undefined && !deleted.has(`${type}/${found.id}`)) return { kind: 'existing', entry, found };
  const names =
    typeRow(type)?.kind === 'directory' ? identifiersOf(resource).map((name) => `${type}#${name}`) : [];
  const twin = names.map((name) => directory.get(name)).find((id) => id !== undefined);
  if (twin !== undefined) return { kind: 'duplicate', entry, type, id: twin };
  const id = randomUuid();
  for (const name of names) directory.set(name, id);
  return { kind: 'write', entry, type, id, resource, previous: undefined };
}

async function planUpdate(visit: Visit, entry: Entry, type: string, id: string): Promise<Planned> {
  const resource = resourceOf(entry, type);
  const place = `${placeOf(entry.index)}.resource.id`;
  if (resource['id'] !== id) throw malformed(place, 'must be the id in request.url');
  const located = await locate(visit, type, id);
  const previous = await writableHead(visit, type, located);
  if (previous.text === null)
    throw new RestError('GONE', 'The resource was deleted; a deleted id is not used again');
  assertMatch(ifMatchVersion(entry.ifMatch), previous);
  return { kind: 'write', entry, type, id, resource: withId(resource, id), previous };
}

function resourceOf({ resource, index }: Entry, type: string): ExactResource {
  assertStorable(type);
  if (resource?.['resourceType'] === type) return resource;
  throw malformed(`${placeOf(index)}.resource`, `must be a ${type}, as request.url says`);
}

function assertOneWriteEach(planned: readonly Planned[]): void {
  const written = new Set<string>();
  for (const step of planned) {
    const id = step.kind === 'write' ? step.id : step.kind === 'delete' ? step.head.id : undefined;
    if (id === undefined) continue;
    if (written.has(id))
      throw malformed(placeOf(step.entry.index), 'writes a resource that another entry writes too');
    written.add(id);
  }
}

/** The failure of one entry, placed within the bundle. */
function atEntry({ index }: Entry, cause: unknown): RestError {
  const failure = restErrorOf(cause);
  const { expression, issues } = failure.details;
  if (issues !== undefined || (typeof expression === 'string' && expression.startsWith('Bundle.')))
    return failure;
  return new RestError(failure.code, failure.message, {
    cause: failure.cause ?? failure,
    details: { ...failure.details, expression: placeOf(index) },
  });
}
