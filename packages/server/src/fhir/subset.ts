import { metaOf, ordered } from './exact.ts';
import { type ExactObject, type ExactResource, objectsIn } from './resource.ts';
import { loadedSchema } from './schema.ts';

/** `_summary` (FHIR R4, search.html section 3.1.1.5.8) or the names of `_elements`. */
export type Subset = 'true' | 'text' | 'data' | { readonly elements: readonly string[] };

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };
const ALWAYS: ReadonlySet<string> = new Set(['resourceType', 'id', 'meta', 'implicitRules']);

/**
 * A copy with only the elements asked for, the mandatory ones and `meta`, tagged SUBSETTED so that nobody writes it back.
 *
 * @throws FhirError NOT_INITIALISED
 */
export function subsetOf(resource: ExactResource, subset: Subset): ExactResource {
  const kept = keeps(resource['resourceType'] as string, subset);
  const members = Object.entries(resource).filter(
    ([name]) => ALWAYS.has(name) || kept(name.replace(/^_/, '')),
  );
  const meta = metaOf(resource);
  const tag = [...(objectsIn(meta['tag']) as ExactObject[]), SUBSETTED];
  return ordered({ ...Object.fromEntries(members), meta: { ...meta, tag } });
}

function keeps(type: string, subset: Subset): (name: string) => boolean {
  if (subset === 'data') return (name) => name !== 'text';
  const schema = loadedSchema();
  const members = schema.members(type);
  const wanted = new Set([...wantedElements(type, subset), ...schema.mandatory(type)]);
  return (name) => wanted.has(members.get(name)?.element ?? name);
}

function wantedElements(type: string, subset: Exclude<Subset, 'data'>): Iterable<string> {
  if (subset === 'true') return loadedSchema().summary(type);
  return subset === 'text' ? ['text'] : subset.elements;
}
