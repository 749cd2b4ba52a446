import type { Face, FaceResource, LedgerVersion } from '../ports.ts';
import { resourceText, withServedMeta } from '../fhir/index.ts';
import type { StoredVersion } from '../store/index.ts';
import { stateRefused, stateReleased } from './access.ts';
import { type Rendered, renderedOf } from './answers.ts';
import { notFound, RestError } from './error.ts';
import { openForeign } from './foreign.ts';
import { asJudged, createGate, factsOf, type Gate } from './gate.ts';
import type { Located } from './located.ts';
import { pass, type Visit } from './visit.ts';

/**
 * Lets one version go, or throws. Decides (own records), opens (others') and states the access before it returns.
 *
 * @param version undefined: the current one
 * @throws RestError NOT_FOUND alike for what is not there and what may not be read; GONE for a tombstone to who may read
 */
export async function release(
  visit: Visit,
  type: string,
  id: string,
  located: Located,
  version?: string,
): Promise<Rendered> {
  switch (located.kind) {
    case 'stored':
      return releaseStored(visit, located.head, version);
    case 'foreign':
      return releaseForeign(visit, type, located.versions, version);
    case 'face':
      return releaseFace(visit, type, id, located.face, version);
    default:
      throw notFound();
  }
}

async function releaseStored(
  visit: Visit,
  head: StoredVersion,
  version: string | undefined,
): Promise<Rendered> {
  const record = version === undefined ? head : storedVersion(visit, head, version);
  pass(visit, 'open');
  await permitOrHide(visit, record);
  if (record.text === null) throw gone();
  return renderedOf(record);
}

/** Returns when the caller may read this stored version and the log says so. */
async function permitOrHide(visit: Visit, record: StoredVersion): Promise<void> {
  const gate = createGate(visit, 'record');
  if (!(await decideOne(visit, gate, record))) throw notFound();
  const facts = factsOf(record);
  await stateReleased(visit, gate, facts === undefined || record.text === null ? [] : [facts]);
}

/** Whether the caller may read a stored version; nothing is released, a refusal is logged. */
export async function mayRead(visit: Visit, record: StoredVersion): Promise<boolean> {
  return decideOne(visit, createGate(visit, 'record'), record);
}

async function decideOne(visit: Visit, gate: Gate, record: StoredVersion): Promise<boolean> {
  const facts = factsOf(record);
  pass(visit, 'decide');
  if (facts === undefined) return true;
  const [allowed] = await gate.permitted([facts]);
  if (allowed !== true) await stateRefused(visit, gate.refused());
  return allowed === true;
}

/** A former version as it is judged: by its own categories and the strictest labels of any (health.md section 5). */
function storedVersion(visit: Visit, head: StoredVersion, version: string): StoredVersion {
  const record = visit.server.store.version(head.type, head.id, Number(version));
  if (record === undefined) throw notFound();
  return asJudged(record);
}

async function releaseForeign(
  visit: Visit,
  type: string,
  versions: readonly LedgerVersion[],
  wanted: string | undefined,
): Promise<Rendered> {
  const version =
    wanted === undefined
      ? versions.at(-1)
      : versions.find((candidate) => String(candidate.version) === wanted);
  if (version === undefined) throw notFound();
  const content = version.kind === 'retract' ? lastContent(versions, version) : version;
  const [record] = content === undefined ? [] : (await openForeign(visit, [content])).records;
  pass(visit, 'decide');
  pass(visit, 'state');
  if (record === undefined || record.type !== type) throw notFound();
  if (version.kind === 'retract') throw gone();
  return renderedOf(record);
}

/** Who may read what was deleted may know that it was. */
function lastContent(
  versions: readonly LedgerVersion[],
  tombstone: LedgerVersion,
): LedgerVersion | undefined {
  return versions.findLast(({ kind, version }) => kind !== 'retract' && version < tombstone.version);
}

/** A face decides, and logs where there is something to log, itself. */
async function releaseFace(
  visit: Visit,
  type: string,
  id: string,
  face: Face,
  version: string | undefined,
): Promise<Rendered> {
  const current = await face.read(visit.context, id);
  for (const step of ['decide', 'open', 'state'] as const) pass(visit, step);
  if (current === undefined) throw notFound();
  if (version === undefined || version === current.versionId) return faceRendered(type, current);
  const former = (await face.history?.(visit.context, id))?.find(({ versionId }) => versionId === version);
  if (former === undefined) throw notFound();
  return faceRendered(type, former);
}

export function faceRendered(type: string, { resource, versionId, lastUpdated }: FaceResource): Rendered {
  const text = resourceText(withServedMeta(resource, { versionId, lastUpdated }));
  return { type, id: resource['id'] as string, version: versionId, lastUpdated, text };
}

function gone(): RestError {
  return new RestError('GONE', 'The resource was deleted');
}
