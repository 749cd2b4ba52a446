import type { ExactJson } from '@healthchain/core';
import { type ExactObject, type ExactResource, isObject } from './resource.ts';

/** A literal reference that every server of the consortium resolves: `Type/id`, with `/_history/version` or without. */
export interface LocalReference {
  readonly type: string;
  readonly id: string;
  readonly version?: string;
}

const LOCAL = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;

/**
 * Reads a literal reference. An absolute URL below the base of a member (`bases`, without trailing slash) is the same record as
 * the relative one, since logical ids are unique in the consortium (health.md section 5).
 */
export function localReference(text: string, bases: readonly string[] = []): LocalReference | undefined {
  const base = bases.find((candidate) => text.startsWith(`${candidate}/`));
  const match = LOCAL.exec(base === undefined ? text : text.slice(base.length + 1));
  if (match === null) return undefined;
  const [, type, id, version] = match as unknown as [string, string, string, string | undefined];
  return version === undefined ? { type, id } : { type, id, version };
}

/** Members that hold a URI which may name an entry of the same bundle (FHIR R4, http.html section 3.1.0.11.2). */
const LINK_MEMBERS: ReadonlySet<string> = new Set([
  'reference',
  'url',
  'uri',
  'valueUrl',
  'valueUri',
  'valueUuid',
  'valueOid',
  'valueCanonical',
]);

/** Every literal reference of a resource, contained resources included, in document order. */
export function referencesIn(value: unknown): string[] {
  const found: string[] = [];
  collect(value, found);
  return found;
}

/**
 * A copy in which `replace` has answered every literal reference and every other link; `undefined` keeps it. Identifiers and
 * texts are never touched.
 */
export function rewriteLinks(
  resource: ExactResource,
  replace: (link: string, member: string) => string | undefined,
): ExactResource {
  return rewritten(resource, replace) as ExactResource;
}

function rewritten(
  value: ExactJson,
  replace: (link: string, member: string) => string | undefined,
): ExactJson {
  if (Array.isArray(value)) return value.map((member) => rewritten(member, replace));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value as ExactObject).map(([name, member]) => {
      if (typeof member === 'string' && LINK_MEMBERS.has(name))
        return [name, replace(member, name) ?? member];
      return [name, rewritten(member, replace)];
    }),
  );
}

function collect(value: unknown, found: string[]): void {
  if (Array.isArray(value)) for (const member of value) collect(member, found);
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === 'reference' && typeof member === 'string') found.push(member);
    else collect(member, found);
  }
}
