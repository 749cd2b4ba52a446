import type { PlainJson } from '@healthchain/core';
import { localReference, type LocalReference } from './references.ts';
import { isObject, listOf, type PlainObject, type PlainResource, textAt, valuesAt } from './resource.ts';
import { type Kind, typeRow } from './type-table.ts';

export type Ownership =
  /** `Patient/id` of every person named, and `Type/id` of records whose persons are this record's too. Not both empty; sorted. */
  | { readonly kind: 'persons'; readonly patients: readonly string[]; readonly through: readonly string[] }
  | { readonly kind: 'no-person' }
  /** The element names a person in a way that no server can resolve (identifier or display only, contained, urn, foreign URL). */
  | { readonly kind: 'unresolved'; readonly element: string }
  | { readonly kind: 'directory' | 'conformance' | 'face' | 'contract-face' | 'never' };

interface Found {
  readonly patients: Set<string>;
  readonly through: Set<string>;
  unresolved: string | undefined;
}

/** Types whose records stand for persons without being their Patient: what they own belongs to these records' persons. */
const STANDS_FOR_PERSONS: ReadonlySet<string> = new Set(['Group']);

/**
 * The persons that a resource is about, by the table. `bases` are the FHIR base URLs of the members. A Patient's own `id` has
 * to be set. Whether the patients exist and are one person is for the caller to find out.
 */
export function ownershipOf(resource: PlainResource, bases: readonly string[] = []): Ownership {
  const row = typeRow(resource.resourceType);
  if (row === undefined) return { kind: 'never' };
  if (resource.resourceType === 'Patient')
    return { kind: 'persons', patients: [`Patient/${textAt(resource, 'id')}`], through: [] };
  if (resource.resourceType === 'Bundle') return ownershipOfBundle(resource, bases);
  if (!OWNED.has(row.kind)) return { kind: row.kind as 'no-person' };
  const found: Found = { patients: new Set(), through: new Set(), unresolved: undefined };
  for (const path of row.owners) {
    for (const value of valuesAt(resource, path))
      note(found, value, { resource, path, kind: row.kind, bases });
  }
  return conclude(found);
}

const OWNED: ReadonlySet<Kind> = new Set<Kind>(['person', 'several', 'through']);

interface Place {
  readonly resource: PlainResource;
  readonly path: string;
  readonly kind: Kind;
  readonly bases: readonly string[];
}

function note(found: Found, value: PlainJson, place: Place): void {
  if (!isObject(value)) return;
  const text = value['reference'];
  const reference = typeof text === 'string' ? localReference(text, place.bases) : undefined;
  if (reference !== undefined) noteLocal(found, reference, place);
  else if (mayBePerson(value, place)) found.unresolved ??= `${place.resource.resourceType}.${place.path}`;
}

function noteLocal(found: Found, reference: LocalReference, place: Place): void {
  const target = `${reference.type}/${reference.id}`;
  if (reference.type === 'Patient') found.patients.add(target);
  else if (place.kind === 'through' || STANDS_FOR_PERSONS.has(reference.type)) found.through.add(target);
}

/** A contained resource or a typed reference that is known to be no person does no harm; anything else might be one. */
function mayBePerson(value: PlainObject, place: Place): boolean {
  const type = containedType(value, place.resource) ?? value['type'];
  if (typeof type !== 'string') return true;
  return place.kind === 'through' || type === 'Patient' || STANDS_FOR_PERSONS.has(type);
}

function containedType(value: PlainObject, resource: PlainResource): string | undefined {
  const text = value['reference'];
  if (typeof text !== 'string' || !text.startsWith('#')) return undefined;
  const contained = listOf(resource['contained']).find(
    (member) => isObject(member) && member['id'] === text.slice(1),
  );
  return isObject(contained) ? textAt(contained, 'resourceType') : undefined;
}

/** A stored Bundle (a document) is about everyone whom any of its entries is about. */
function ownershipOfBundle(bundle: PlainResource, bases: readonly string[]): Ownership {
  const found: Found = { patients: new Set(), through: new Set(), unresolved: undefined };
  for (const entry of valuesAt(bundle, 'entry.resource')) {
    if (!isObject(entry)) continue;
    const owned = ownershipOf(entry as PlainResource, bases);
    if (owned.kind === 'unresolved') found.unresolved ??= owned.element;
    if (owned.kind !== 'persons') continue;
    owned.patients.forEach((patient) => found.patients.add(patient));
    owned.through.forEach((target) => found.through.add(target));
  }
  return conclude(found);
}

function conclude(found: Found): Ownership {
  if (found.unresolved !== undefined) return { kind: 'unresolved', element: found.unresolved };
  if (found.patients.size + found.through.size === 0) return { kind: 'no-person' };
  return { kind: 'persons', patients: [...found.patients].sort(), through: [...found.through].sort() };
}
