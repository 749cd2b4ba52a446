import type { ExactJson, PlainJson } from '@healthchain/core';

/** A FHIR resource or element as exact JSON: member order and digits of numbers as the author wrote them. */
export type ExactObject = { [name: string]: ExactJson };
/** An exact object whose `resourceType` is a string. */
export type ExactResource = ExactObject;

/** The same with plain numbers, for logic that computes. What is stored or served never comes from it. */
export type PlainObject = { readonly [name: string]: PlainJson | undefined };
export interface PlainResource extends PlainObject {
  readonly resourceType: string;
}

export interface Coding {
  readonly system?: string;
  readonly version?: string;
  readonly code?: string;
  readonly display?: string;
}

export function isObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

type MemberOf<T> = T extends readonly (infer Member)[] ? Member : NonNullable<T>;

/** What an element holds, as a list: nothing, one value, or the members of an array. */
export function listOf<T>(value: T): readonly MemberOf<T>[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]) as readonly MemberOf<T>[];
}

/** The objects among what an element holds. */
export function objectsIn(value: unknown): readonly PlainObject[] {
  return (listOf(value) as readonly unknown[]).filter(isObject);
}

/** The values at a dotted path, arrays flattened: `participant.actor`. */
export function valuesAt(from: PlainObject, path: string): readonly PlainJson[] {
  let values: readonly PlainJson[] = [from as PlainJson];
  for (const name of path.split('.')) {
    values = values.flatMap((value) => (isObject(value) ? listOf(value[name]) : []));
  }
  return values;
}

/** The codings of a CodeableConcept, of several, or of a bare Coding. */
export function codingsOf(value: PlainJson | undefined): readonly Coding[] {
  return objectsIn(value).flatMap(
    (member) => ('coding' in member ? objectsIn(member['coding']) : [member]) as readonly Coding[],
  );
}

/** The string at a name, or undefined when there is none or it is no string. */
export function textAt(from: PlainObject, name: string): string | undefined {
  const value = from[name];
  return typeof value === 'string' ? value : undefined;
}
