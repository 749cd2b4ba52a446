import { type Category, CATEGORIES } from '@healthchain/core';
import { localReference } from './references.ts';
import {
  codingsOf,
  isObject,
  objectsIn,
  type PlainObject,
  type PlainResource,
  textAt,
  valuesAt,
} from './resource.ts';
import { type CategoryRule, typeRow } from './type-table.ts';

/** What is known of another record: found among the siblings of a bundle, in the store, or nowhere. */
export type CategoriesOf = (reference: string) => readonly Category[] | undefined;

const OBSERVATION_SYSTEMS: ReadonlySet<string> = new Set([
  'http://terminology.hl7.org/CodeSystem/observation-category',
  'http://hl7.org/fhir/observation-category',
]);
const SECTION_SYSTEMS: ReadonlySet<string> = new Set([
  'http://terminology.hl7.org/CodeSystem/v2-0074',
  'http://hl7.org/fhir/v2/0074',
]);
const LOINC = 'http://loinc.org';

const OBSERVATION_CATEGORIES: Readonly<Record<string, Category>> = {
  laboratory: 'laboratory',
  imaging: 'imaging',
  'vital-signs': 'vital-signs',
  'social-history': 'social',
  survey: 'social',
  procedure: 'procedures',
};

/** HL7 v2 table 0074 (diagnostic service section). What is not listed is `other`. */
const SECTIONS: Readonly<Partial<Record<Category, readonly string[]>>> = {
  genetics: ['GE', 'CG'],
  // prettier-ignore
  laboratory: ['LAB', 'BG', 'BLB', 'CH', 'CP', 'HM', 'IMM', 'MB', 'MCB', 'MYC', 'OSL', 'PAR', 'PAT', 'SP', 'SR', 'TX', 'URN', 'VR'],
  imaging: ['RAD', 'RX', 'CT', 'CUS', 'NMR', 'NMS', 'OUS', 'RUS', 'VUS', 'XRC'],
};

/** US Core's LOINC parts for the category of a DiagnosticReport. */
const LOINC_PARTS: Readonly<Record<string, Category>> = { 'LP7839-6': 'laboratory', 'LP29684-5': 'imaging' };

const SECTION_CATEGORIES: ReadonlyMap<string, Category> = new Map(
  Object.entries(SECTIONS).flatMap(([category, codes]) =>
    codes.map((code) => [code, category as Category] as const),
  ),
);

const UNKNOWN: readonly Category[] = ['other'];

type Rule = (resource: PlainResource, of: CategoriesOf) => readonly Category[];

const RULES: Readonly<Record<CategoryRule, Rule>> = {
  observation: (resource) => [firstOf(codedCategories(resource))],
  report: (resource) => [firstOf(codedCategories(resource))],
  document: (resource, of) => [
    'documents',
    ...entryReferences(resource).flatMap((entry) => ofEntry(entry, of)),
  ],
  bundle: (resource, of) => [
    'documents',
    ...bundleEntries(resource).flatMap((entry) => categorise(entry, of)),
  ],
  target: (resource, of) => ofAll(references(resource, 'target'), of),
  context: (resource, of) => ofAll(references(resource, 'securityContext'), of),
};

/**
 * The categories of a resource (health.md section 3, first match wins), sorted; one for everything but documents. What no rule
 * places is `other`, which only a grant for everything covers. Empty for directory entries and what is never a record.
 */
export function categorise(resource: PlainResource, categoriesOf: CategoriesOf): readonly Category[] {
  const rule = typeRow(resource.resourceType)?.category;
  if (rule === undefined) return [];
  if (isCategory(rule)) return [rule];
  return [...new Set(RULES[rule](resource, categoriesOf))].sort();
}

/** The references whose categories `categorise` asks for. */
export function categoryReferences(resource: PlainResource): readonly string[] {
  const nested = bundleEntries(resource).flatMap((entry) => categoryReferences(entry));
  const own = [
    ...entryReferences(resource),
    ...references(resource, 'target'),
    ...references(resource, 'securityContext'),
  ];
  const rule = typeRow(resource.resourceType)?.category;
  return rule === undefined || isCategory(rule) ? [] : [...own, ...nested];
}

function isCategory(rule: Category | CategoryRule): rule is Category {
  return (CATEGORIES as readonly string[]).includes(rule);
}

function codedCategories(resource: PlainResource): ReadonlySet<Category> {
  const found = new Set<Category>();
  for (const { system, code } of codingsOf(resource['category'])) {
    const category = system === undefined || code === undefined ? undefined : codedCategory(system, code);
    if (category !== undefined) found.add(category);
  }
  return found;
}

function codedCategory(system: string, code: string): Category | undefined {
  if (OBSERVATION_SYSTEMS.has(system))
    return Object.hasOwn(OBSERVATION_CATEGORIES, code) ? OBSERVATION_CATEGORIES[code] : undefined;
  if (SECTION_SYSTEMS.has(system)) return SECTION_CATEGORIES.get(code);
  if (system === LOINC) return Object.hasOwn(LOINC_PARTS, code) ? LOINC_PARTS[code] : undefined;
  return undefined;
}

function firstOf(found: ReadonlySet<Category>): Category {
  return CATEGORIES.find((category) => found.has(category)) ?? 'other';
}

/** What a document lists: the entries of a Composition's sections at any depth, the content of a manifest. */
function entryReferences(resource: PlainResource): readonly string[] {
  const listed = resource.resourceType === 'DocumentManifest' ? references(resource, 'content') : [];
  return [...listed, ...sectionEntries(resource)];
}

function sectionEntries(parent: PlainObject): readonly string[] {
  return objectsIn(parent['section']).flatMap((section) => [
    ...references(section, 'entry'),
    ...sectionEntries(section),
  ]);
}

function references(resource: PlainObject, path: string): readonly string[] {
  return valuesAt(resource, path).flatMap((value) => {
    const text = isObject(value) ? textAt(value, 'reference') : undefined;
    return text === undefined ? [] : [text];
  });
}

/** An entry of the directory adds nothing to a document; an entry that nobody knows is `other`. */
function ofEntry(reference: string, of: CategoriesOf): readonly Category[] {
  const type = localReference(reference)?.type;
  if (type !== undefined && typeRow(type)?.kind === 'directory') return [];
  return of(reference) ?? UNKNOWN;
}

function ofAll(targets: readonly string[], of: CategoriesOf): readonly Category[] {
  const found = targets.flatMap((target) => of(target) ?? UNKNOWN);
  return found.length === 0 ? ['other'] : found;
}

function bundleEntries(resource: PlainResource): readonly PlainResource[] {
  if (resource.resourceType !== 'Bundle') return [];
  return valuesAt(resource, 'entry.resource').flatMap(
    (entry) => objectsIn(entry) as readonly PlainResource[],
  );
}
