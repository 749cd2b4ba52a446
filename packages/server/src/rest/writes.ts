import { plainResource, withId } from '../fhir/index.ts';
import { randomUuid } from '@healthchain/core';
import type { ExactResource, FaceResource } from '../ports.ts';
import type { StoredVersion } from '../store/index.ts';
import { type Rendered, versionHeaders, writeAnswer } from './answers.ts';
import { findExisting } from './conditions.ts';
import { notFound, RestError } from './error.ts';
import { openForeign } from './foreign.ts';
import { ifMatchVersion } from './headers.ts';
import { assertNoKey, keepUnwritten } from './idempotency.ts';
import { faceOf, locate, type Located } from './located.ts';
import { faceRendered, mayRead } from './release.ts';
import { part, pass, type RestAnswer, type Visit } from './visit.ts';
import { asLostUpdate, commit, renderedDraft } from './write/commit.ts';
import { type Draft, draftAll, type Proposal, tombstoneOf } from './write/drafts.ts';

export async function create(visit: Visit): Promise<RestAnswer> {
  const type = part(visit, 'type');
  const resource = bodyOf(visit, type);
  const face = faceOf(visit, type);
  if (face?.create !== undefined) {
    assertNoKey(visit);
    return faceWritten(visit, 201, type, await face.create(visit.context, resource));
  }
  const condition = { type, resource, ifNoneExist: visit.request.headers['if-none-exist'] };
  return findExisting(visit, condition, async (existing) => {
    if (existing !== undefined) return answerExisting(visit, existing);
    const draft = await draftOne(visit, {
      type,
      id: randomUuid(),
      version: 1,
      resource,
      previous: undefined,
    });
    return answerWritten(visit, 201, renderedDraft(draft, await commit(visit, [draft])), 'Created');
  });
}

function answerExisting(visit: Visit, existing: Rendered): RestAnswer {
  const { type, id, version, lastUpdated } = existing;
  keepUnwritten(visit, [{ status: 200, type, id, version, lastUpdated }]);
  return answerWritten(visit, 200, existing, 'It existed already; nothing was written');
}

export async function update(visit: Visit): Promise<RestAnswer> {
  const [type, id] = [part(visit, 'type'), part(visit, 'id')];
  const resource = bodyOf(visit, type);
  if (resource['id'] !== id) {
    throw new RestError('INVALID', 'The id in the body must be the id in the URL', {
      details: { expression: `${type}.id` },
    });
  }
  const ifMatch = ifMatchVersion(visit.request.headers['if-match']);
  const located = await locate(visit, type, id);
  if (located.kind === 'face') return updateFace(visit, type, id, located, resource);
  const previous = await writableHead(visit, type, located);
  if (previous.text === null)
    throw new RestError('GONE', 'The resource was deleted; a deleted id is not used again');
  assertMatch(ifMatch, previous);
  const draft = await draftOne(visit, { type, id, version: previous.version + 1, resource, previous });
  const rendered = await committed(visit, draft, ifMatch);
  return answerWritten(visit, 200, rendered, 'Updated');
}

export async function remove(visit: Visit): Promise<RestAnswer> {
  const [type, id] = [part(visit, 'type'), part(visit, 'id')];
  const ifMatch = ifMatchVersion(visit.request.headers['if-match']);
  const located = await locate(visit, type, id);
  if (located.kind === 'face') throw new RestError('METHOD_NOT_ALLOWED', `${type} cannot be deleted`);
  const head = await writableHead(visit, type, located);
  assertMatch(ifMatch, head);
  const rendered = head.text === null ? undefined : await committed(visit, tombstoneOf(head), ifMatch);
  if (rendered === undefined) keepUnwritten(visit, [{ status: 204 }]);
  pass(visit, 'write');
  pass(visit, 'render');
  return { status: 204, headers: versionHeaders(rendered ?? head) };
}

/** The head of an own record that the caller may read. @throws RestError NOT_FOUND, FORBIDDEN for another organisation's */
export async function writableHead(visit: Visit, type: string, located: Located): Promise<StoredVersion> {
  if (located.kind === 'stored') {
    if (!(await mayRead(visit, located.head))) throw notFound();
    return assertOwn(visit, located.head);
  }
  if (located.kind !== 'foreign') throw notFound();
  const head = located.versions.findLast(({ kind }) => kind !== 'retract');
  const [record] = head === undefined ? [] : (await openForeign(visit, [head])).records;
  if (record === undefined || record.type !== type) throw notFound();
  return assertOwn(visit, record);
}

function assertOwn(visit: Visit, head: StoredVersion): StoredVersion {
  if (head.author === visit.server.organisation.mspId) return head;
  throw new RestError(
    'FORBIDDEN',
    'Only its author may change a record; write an addendum that refers to it instead',
  );
}

/** @throws RestError PRECONDITION_FAILED when `If-Match` names another version */
export function assertMatch(ifMatch: string | undefined, head: StoredVersion): void {
  if (ifMatch === undefined || ifMatch === String(head.version)) return;
  throw new RestError('PRECONDITION_FAILED', 'If-Match names another version than the current one', {
    details: { headers: versionHeaders(head) },
  });
}

async function committed(visit: Visit, draft: Draft, ifMatch: string | undefined): Promise<Rendered> {
  try {
    return renderedDraft(draft, await commit(visit, [draft]));
  } catch (cause) {
    throw asLostUpdate(cause, ifMatch !== undefined);
  }
}

async function draftOne(visit: Visit, proposal: Omit<Proposal, 'plain' | 'place'>): Promise<Draft> {
  const resource = withId(proposal.resource, proposal.id);
  const [draft] = await draftAll(visit, [
    { ...proposal, resource, plain: plainResource(resource), place: '' },
  ]);
  if (draft === undefined) throw new Error('A proposal came back without its draft');
  return draft;
}

async function updateFace(
  visit: Visit,
  type: string,
  id: string,
  { face }: Extract<Located, { kind: 'face' }>,
  resource: ExactResource,
): Promise<RestAnswer> {
  if (face.update === undefined) throw new RestError('METHOD_NOT_ALLOWED', `${type} is read-only`);
  assertNoKey(visit);
  const written = await face.update(
    visit.context,
    id,
    resource,
    ifMatchVersion(visit.request.headers['if-match']),
  );
  return faceWritten(visit, 200, type, written);
}

/** A face validates, decides and commits itself. */
function faceWritten(visit: Visit, status: 200 | 201, type: string, written: FaceResource): RestAnswer {
  for (const step of ['validate', 'locate', 'decide', 'write'] as const) pass(visit, step);
  return answerWritten(visit, status, faceRendered(type, written), status === 201 ? 'Created' : 'Updated');
}

function answerWritten(visit: Visit, status: 200 | 201, rendered: Rendered, diagnostics: string): RestAnswer {
  for (const step of ['validate', 'write', 'render'] as const) pass(visit, step);
  return writeAnswer(visit, status, rendered, diagnostics);
}

/** The body, of the type that the URL names. */
function bodyOf(visit: Visit, type: string): ExactResource {
  const resource = visit.request.body();
  if (resource['resourceType'] === type) return resource;
  throw new RestError('INVALID', `The body must be a ${type}`, { details: { expression: 'resourceType' } });
}
