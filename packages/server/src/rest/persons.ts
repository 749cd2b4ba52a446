import { type Category, type PersonId, RESTRICTED } from '@healthchain/core';
import { type TypeRow, typeRow } from '../fhir/index.ts';
import type { LedgerVersion } from '../ports.ts';
import type { SearchQuery } from '../search/index.ts';
import { type ForeignOutcome, openForeign } from './foreign.ts';
import type { Visit } from './visit.ts';

/** The person that a Patient id stands for; null for an id that no organisation knows, which must not show. */
export type NamedPerson = PersonId | null;

/** The one person that a search names by any of the linked Patient ids; undefined when it names none or several. */
export async function personNamed(visit: Visit, query: SearchQuery): Promise<NamedPerson | undefined> {
  if (query.patients.length === 0) return undefined;
  const { persons } = visit.server.exchange;
  const found = await Promise.all(query.patients.map(async (id) => (await persons.ofPatient(id)) ?? null));
  const distinct = new Set(found);
  return distinct.size === 1 ? found[0] : undefined;
}

/** Finds all Patient ids of the person of one, at whichever organisation; asks once for each id. */
export function linkedPatients(visit: Visit): (patientId: string) => Promise<readonly string[]> {
  const found = new Map<string, Promise<readonly string[]>>();
  return (patientId) => {
    const linked = found.get(patientId) ?? findLinked(visit, patientId);
    found.set(patientId, linked);
    return linked;
  };
}

async function findLinked(visit: Visit, patientId: string): Promise<readonly string[]> {
  const { persons } = visit.server.exchange;
  const person = await persons.ofPatient(patientId);
  if (person === undefined) return [patientId];
  const patients = await persons.patientsOf(person);
  return [...new Set([patientId, ...patients.map(({ recordId }) => recordId)])];
}

/** The heads of a person's records at other organisations, in commit order. */
async function foreignHeads(
  visit: Visit,
  person: NamedPerson,
  categories: readonly string[] | undefined,
): Promise<readonly LedgerVersion[]> {
  if (person === null) return [];
  const wanted = { fromElsewhere: true, ...(categories === undefined ? {} : { categories }) };
  return visit.server.exchange.listPerson(person, wanted);
}

/** Opens what a search about a person may need of other organisations. @throws RestError TOO_COSTLY; ExchangeError UNAVAILABLE */
export async function foreignOf(
  visit: Visit,
  person: NamedPerson,
  query: SearchQuery,
): Promise<ForeignOutcome> {
  const reachesOut =
    query.includes.length > 0 || query.conditions.some(({ kind }) => kind !== 'match' && kind !== 'missing');
  const categories = reachesOut ? undefined : categoriesOfTypes([query.type]);
  return openForeign(visit, await foreignHeads(visit, person, categories));
}

/** What records of a rule's types can be filed under. */
const CATEGORIES_OF_RULE: Readonly<Partial<Record<NonNullable<TypeRow['category']>, readonly Category[]>>> = {
  observation: ['laboratory', 'imaging', 'vital-signs', 'social', 'procedures', 'other'],
  report: ['genetics', 'laboratory', 'imaging', 'other'],
  document: ['documents'],
  bundle: ['documents'],
};

/**
 * The categories under which the ledger may list records of these types, `restricted` among them; undefined when it could be any.
 * The type itself is inside the ciphertext.
 */
export function categoriesOfTypes(types: readonly string[]): string[] | undefined {
  const found = new Set<string>([RESTRICTED]);
  for (const type of types) {
    const rule = typeRow(type)?.category;
    if (rule === undefined || rule === 'target' || rule === 'context') return undefined;
    for (const category of CATEGORIES_OF_RULE[rule] ?? [rule]) found.add(category);
  }
  return [...found].sort();
}
