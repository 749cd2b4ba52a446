import { identifiersOf, typeRow } from '../fhir/index.ts';
import type { ExactResource } from '../ports.ts';
import { parseSearch, search } from '../search/index.ts';
import { type StoredVersion } from '../store/index.ts';
import { type Rendered, renderedOf } from './answers.ts';
import { RestError } from './error.ts';
import { createGate } from './gate.ts';
import { restErrorOf } from './outcome.ts';
import { pass, type Visit } from './visit.ts';

export interface CreateCondition {
  readonly type: string;
  readonly resource: ExactResource;
  /** Search parameters as in a query string, perhaps after `Type?`. */
  readonly ifNoneExist: string | undefined;
}

/**
 * Runs `write` with the resource that exists already: the one that `If-None-Exist` finds, or for a directory entry the first on
 * the channel with one of its identifiers. Nobody else of this server writes under the same condition meanwhile.
 *
 * @throws RestError MULTIPLE_MATCHES when the condition finds several
 */
export async function findExisting<T>(
  visit: Visit,
  condition: CreateCondition,
  write: (existing: Rendered | undefined) => Promise<T>,
): Promise<T> {
  return visit.server.locks.holding(lockKeys(condition), async () => write(await existing(visit, condition)));
}

export async function existing(visit: Visit, condition: CreateCondition): Promise<Rendered | undefined> {
  pass(visit, 'locate');
  pass(visit, 'decide');
  const { type, ifNoneExist } = condition;
  if (ifNoneExist !== undefined) {
    const found = await findByCondition(
      visit,
      type,
      ifNoneExist.replace(new RegExp(`^${type}\\?`), ''),
      'If-None-Exist',
    );
    return found === undefined ? undefined : renderedOf(found);
  }
  if (typeRow(type)?.kind !== 'directory') return undefined;
  const entry = await findDirectoryEntry(visit, type, identifiersOf(condition.resource));
  return entry === undefined ? undefined : renderedOf(entry);
}

/** Keys of KeyedLocks for what a create depends on. */
export function lockKeys({ type, resource, ifNoneExist }: CreateCondition): string[] {
  if (ifNoneExist !== undefined) return [`${type}?${ifNoneExist}`];
  if (typeRow(type)?.kind !== 'directory') return [];
  return identifiersOf(resource).map((identifier) => `${type}#${identifier}`);
}

/**
 * The one resource of the own server or the directory that a condition finds, among those the caller may read.
 *
 * @param place the header or element that holds the condition, for the message
 * @throws RestError PARAMETER for a condition that cannot be read, MULTIPLE_MATCHES
 */
export async function findByCondition(
  visit: Visit,
  type: string,
  query: string,
  place: string,
): Promise<StoredVersion | undefined> {
  const parameters = [...new URLSearchParams(query)];
  if (parameters.length === 0) throw conditionError(place, 'holds no search parameter');
  const [first, second] = await matching(visit, type, [...parameters, ['_count', '2']], place);
  if (second !== undefined)
    throw new RestError('MULTIPLE_MATCHES', `${place} matches several resources`, {
      details: { expression: place },
    });
  return first;
}

/** Identifiers asked about in one search. */
const MAX_IDENTIFIERS = 50;

async function findDirectoryEntry(
  visit: Visit,
  type: string,
  identifiers: readonly string[],
): Promise<StoredVersion | undefined> {
  if (identifiers.length === 0) return undefined;
  const value = identifiers.slice(0, MAX_IDENTIFIERS).map(escaped).join(',');
  const [first] = await matching(
    visit,
    type,
    [
      ['identifier', value],
      ['_count', '1'],
    ],
    'identifier',
  );
  return first;
}

/** `system|value` as the value of a token parameter. */
function escaped(identifier: string): string {
  const bar = identifier.indexOf('|');
  const quote = (text: string): string => text.replaceAll(/[\\,|$]/g, (character) => `\\${character}`);
  return `${quote(identifier.slice(0, bar))}|${quote(identifier.slice(bar + 1))}`;
}

async function matching(
  visit: Visit,
  type: string,
  parameters: readonly (readonly [string, string])[],
  place: string,
): Promise<readonly StoredVersion[]> {
  const { store, memberBases } = visit.server;
  const query = readCondition(type, parameters, memberBases, place);
  const page = await search([store], query, { permitted: createGate(visit, 'anyone').permitted });
  return page.matches.map(({ record }) => record);
}

function readCondition(
  type: string,
  parameters: readonly (readonly [string, string])[],
  bases: readonly string[],
  place: string,
): ReturnType<typeof parseSearch> {
  try {
    return parseSearch(type, parameters, { handling: 'strict', bases });
  } catch (cause) {
    throw conditionError(place, restErrorOf(cause).message, cause);
  }
}

function conditionError(place: string, message: string, cause?: unknown): RestError {
  return new RestError('PARAMETER', `${place}: ${message}`, { cause, details: { expression: place } });
}
