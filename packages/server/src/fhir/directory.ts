import type { ExactJson } from '@healthchain/core';
import { type ExactResource, isObject, listOf } from './resource.ts';

/** Members of a Practitioner that no directory copy carries: private data, and the narrative that may repeat it. */
const PRIVATE_MEMBERS: ReadonlySet<string> = new Set(['birthDate', '_birthDate', 'photo', 'text']);
/** Of these, only what its author marked `use: work` is a work address or number; what is not marked counts as private. */
const CONTACT_MEMBERS: ReadonlySet<string> = new Set(['address', 'telecom']);

/**
 * The copy of a directory entry that every member of the channel gets. A Practitioner loses `birthDate`, `photo`, `text`, and
 * every `address` and `telecom` without `use: work`; the other directory types describe no private person and stay as they are.
 */
export function directoryCopy(resource: ExactResource): ExactResource {
  if (resource['resourceType'] !== 'Practitioner') return resource;
  return Object.fromEntries(
    Object.entries(resource)
      .filter(([name]) => !PRIVATE_MEMBERS.has(name))
      .map(([name, value]): [string, ExactJson] => [
        name,
        CONTACT_MEMBERS.has(name) ? workOnly(value) : value,
      ])
      .filter(([name, value]) => !CONTACT_MEMBERS.has(name) || listOf(value).length > 0),
  );
}

function workOnly(value: ExactJson): ExactJson {
  return Array.isArray(value) ? value.filter((member) => isObject(member) && member['use'] === 'work') : [];
}

/** `system|value` of every identifier, for finding a directory entry again. Empty parts stay empty. */
export function identifiersOf(resource: ExactResource): string[] {
  const pairs = listOf(resource['identifier']).flatMap((member) => {
    if (!isObject(member) || typeof member['value'] !== 'string') return [];
    return [`${typeof member['system'] === 'string' ? member['system'] : ''}|${member['value']}`];
  });
  return [...new Set(pairs)].sort();
}
