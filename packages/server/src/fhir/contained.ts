import { type Issue, problem } from './issues.ts';
import { isObject, objectsIn, type PlainObject, textAt } from './resource.ts';
import { referencesIn } from './references.ts';

/** FHIR R4, DomainResource: dom-2 to dom-5, and ref-1. */
export function containedIssues(resource: PlainObject): readonly Issue[] {
  const type = textAt(resource, 'resourceType') ?? '';
  const contained = objectsIn(resource['contained']);
  const ids = contained.map((member) => textAt(member, 'id'));
  const references = new Set(referencesIn(resource).filter((reference) => reference.startsWith('#')));
  const issues = contained.flatMap((member, at) => memberIssues(member, `${type}.contained[${at}]`));
  for (const [at, id] of ids.entries()) {
    const path = `${type}.contained[${at}]`;
    if (id === undefined) issues.push(problem('required', 'A contained resource has an id', `${path}.id`));
    else if (ids.indexOf(id) !== at)
      issues.push(problem('structure', 'Two contained resources share an id', `${path}.id`));
    else if (!references.has(`#${id}`) && !pointsOut(contained[at])) {
      issues.push(problem('invariant', 'dom-3: a contained resource is referenced by its container', path));
    }
  }
  for (const reference of references) {
    if (reference === '#' || ids.includes(reference.slice(1))) continue;
    issues.push(problem('invariant', 'ref-1: a local reference names a contained resource', type));
  }
  return issues;
}

function memberIssues(member: PlainObject, path: string): Issue[] {
  const issues: Issue[] = [];
  if ('contained' in member)
    issues.push(problem('invariant', 'dom-2: a contained resource contains none', `${path}.contained`));
  const meta = isObject(member['meta']) ? member['meta'] : {};
  if ('versionId' in meta || 'lastUpdated' in meta) {
    issues.push(
      problem('invariant', 'dom-4: a contained resource has no version of its own', `${path}.meta`),
    );
  }
  if ('security' in meta) {
    issues.push(problem('invariant', 'dom-5: labels stand on the container', `${path}.meta.security`));
  }
  return issues;
}

/** A contained resource may instead refer to its container (`#`). */
function pointsOut(member: PlainObject | undefined): boolean {
  return referencesIn(member).includes('#');
}
