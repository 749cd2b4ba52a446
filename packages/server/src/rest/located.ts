import { type Kind, typeRow } from '../fhir/index.ts';
import type { Face, LedgerVersion } from '../ports.ts';
import type { StoredVersion } from '../store/index.ts';
import { pass, type Visit } from './visit.ts';

/** Where a logical id was found. Says nothing yet about whether the caller may know. */
export type Located =
  /** Own record or directory entry, head version, perhaps a tombstone. */
  | { readonly kind: 'stored'; readonly head: StoredVersion }
  /** Another organisation's record: its versions, oldest first, at least one. */
  | { readonly kind: 'foreign'; readonly versions: readonly [LedgerVersion, ...LedgerVersion[]] }
  | { readonly kind: 'face'; readonly face: Face }
  | { readonly kind: 'nowhere' };

/** Types that are shown and never stored; a `through` type may be both stored and shown. */
export function isFaceKind(kind: Kind | undefined): boolean {
  return kind === 'face' || kind === 'contract-face';
}

export async function locate(visit: Visit, type: string, id: string): Promise<Located> {
  pass(visit, 'locate');
  const face = faceOf(visit, type);
  if (face !== undefined && isFaceKind(typeRow(type)?.kind)) return { kind: 'face', face };
  const head = visit.server.store.get(type, id);
  if (head !== undefined) return { kind: 'stored', head };
  const versions = await visit.server.exchange.versions(id);
  const [first, ...others] = versions.filter(
    ({ author }) => author.mspId !== visit.server.organisation.mspId,
  );
  if (first !== undefined) return { kind: 'foreign', versions: [first, ...others] };
  return face === undefined ? { kind: 'nowhere' } : { kind: 'face', face };
}

/** The face of a type: all of AuditEvent and Consent, and what the ledger adds to the stored Provenance. */
export function faceOf(visit: Visit, type: string): Face | undefined {
  return Object.hasOwn(visit.server.exchange.faces, type) ? visit.server.exchange.faces[type] : undefined;
}
