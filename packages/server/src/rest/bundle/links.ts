import { referencesIn, rewriteLinks } from '../../fhir/index.ts';
import type { ExactResource } from '../../ports.ts';
import { findByCondition } from '../conditions.ts';
import { RestError } from '../error.ts';
import type { Visit } from '../visit.ts';
import { type Entry, placeOf } from './entries.ts';
import type { Planned } from './plan.ts';

/** What links within a transaction stand for. */
export interface Links {
  /** `Type/id` by `fullUrl`. */
  readonly entries: ReadonlyMap<string, string>;
  /** `Type/id` by conditional reference (`Practitioner?identifier=…`). */
  readonly conditions: ReadonlyMap<string, string>;
}

const CONDITIONAL = /^([A-Z][A-Za-z]+)\?(.+)$/;

/**
 * Resolves the bundle's own references: the fullUrl of its entries, and conditional references, each looked up once.
 *
 * @throws RestError MULTIPLE_MATCHES, NOT_FOUND-like PRECONDITION_FAILED for a condition without a match, placed
 */
export async function linksOf(visit: Visit, planned: readonly Planned[]): Promise<Links> {
  const entries = new Map<string, string>();
  const conditions = new Map<string, string>();
  for (const step of planned) {
    const target = targetOf(step);
    if (step.entry.fullUrl !== undefined && target !== undefined) entries.set(step.entry.fullUrl, target);
    if (step.kind !== 'write') continue;
    for (const reference of new Set(referencesIn(step.resource))) {
      if (!conditions.has(reference) && CONDITIONAL.test(reference)) {
        conditions.set(reference, await resolveCondition(visit, step.entry, reference));
      }
    }
  }
  return { entries, conditions };
}

/** A copy with every link to the bundle rewritten. @throws RestError MALFORMED for a urn that names no entry */
export function relinked(
  { entries, conditions }: Links,
  entry: Entry,
  resource: ExactResource,
): ExactResource {
  return rewriteLinks(resource, (link, member) => {
    const target = conditions.get(link) ?? entries.get(link) ?? entries.get(beside(entry.fullUrl, link));
    if (target === undefined && member === 'reference' && /^urn:(uuid|oid):/.test(link))
      throw unresolved(entry);
    return target;
  });
}

function targetOf(step: Planned): string | undefined {
  switch (step.kind) {
    case 'write':
    case 'duplicate':
      return `${step.type}/${step.id}`;
    case 'existing':
      return `${step.found.type}/${step.found.id}`;
    default:
      return undefined;
  }
}

/** A relative reference is relative to the base of its entry's fullUrl (bundle.html section 2.36.4.1). */
function beside(fullUrl: string | undefined, link: string): string {
  const base = /^(https?:\/\/.+\/)[A-Z][A-Za-z]+\/[^/]+$/.exec(fullUrl ?? '')?.[1];
  return base === undefined ? link : `${base}${link}`;
}

async function resolveCondition(visit: Visit, entry: Entry, reference: string): Promise<string> {
  const [, type, query] = CONDITIONAL.exec(reference) as unknown as [string, string, string];
  const expression = `${placeOf(entry.index)}.resource`;
  const found = await findByCondition(visit, type, query, expression);
  if (found !== undefined) return `${found.type}/${found.id}`;
  const message = `A conditional reference to a ${type} matches nothing`;
  throw new RestError('PRECONDITION_FAILED', message, { details: { expression } });
}

function unresolved(entry: Entry): RestError {
  const expression = `${placeOf(entry.index)}.resource`;
  return new RestError('MALFORMED', 'A reference names no entry of the bundle', { details: { expression } });
}
