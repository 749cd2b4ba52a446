import type { LedgerVersion } from '../ports.ts';
import { typeRow } from '../fhir/index.ts';
import type { AccessFacts, StoredVersion } from '../store/index.ts';
import { stateRefused, stateReleased } from './access.ts';
import { json, type Rendered, renderedOf, versionHeaders } from './answers.ts';
import { type BundleEntry, bundleText } from './bundle-text.ts';
import { notFound, RestError } from './error.ts';
import { openForeign } from './foreign.ts';
import { asJudged, createGate, factsOf } from './gate.ts';
import { faceOf, isFaceKind, locate } from './located.ts';
import { faceRendered } from './release.ts';
import { countOf, cursorOf, instantOf, nextLink, selfLink } from './paging.ts';
import { part, pass, type RestAnswer, type Visit } from './visit.ts';

/** One page of a history, newest first in commit order. */
interface Page {
  readonly versions: readonly Rendered[];
  readonly labels: readonly NonNullable<StoredVersion['labels']>[];
  readonly total: number;
  readonly next?: string;
}

export async function historyInstance(visit: Visit): Promise<RestAnswer> {
  const [type, id] = [part(visit, 'type'), part(visit, 'id')];
  const located = await locate(visit, type, id);
  switch (located.kind) {
    case 'stored':
      return renderHistory(visit, await storedInstance(visit, type, id));
    case 'foreign':
      return renderHistory(visit, await foreignInstance(visit, type, located.versions));
    case 'face':
      return renderHistory(visit, await faceInstance(visit, type, id));
    default:
      throw notFound();
  }
}

export async function historyType(visit: Visit): Promise<RestAnswer> {
  const type = part(visit, 'type');
  if (isFaceKind(typeRow(type)?.kind)) {
    throw new RestError('METHOD_NOT_ALLOWED', `${type} has a history of each resource only`);
  }
  return renderHistory(visit, await storedPage(visit, { type }));
}

export async function historySystem(visit: Visit): Promise<RestAnswer> {
  return renderHistory(visit, await storedPage(visit, {}));
}

async function storedInstance(visit: Visit, type: string, id: string): Promise<Page> {
  const page = await storedPage(visit, { type, id });
  if (page.total === 0) throw notFound();
  return page;
}

async function storedPage(
  visit: Visit,
  scope: { readonly type?: string; readonly id?: string },
): Promise<Page> {
  const gate = createGate(visit, scope.id === undefined ? 'anyone' : 'record');
  const since = instantOf(visit, '_since');
  const after = cursorOf(visit);
  for (const step of ['locate', 'decide', 'open', 'filter'] as const) pass(visit, step);
  const { versions, total, next } = await visit.server.store.history(
    {
      ...scope,
      count: countOf(visit),
      ...(since === undefined ? {} : { since }),
      ...(after === undefined ? {} : { after }),
    },
    gate.permitted,
  );
  if (scope.id !== undefined && total === 0) await stateRefused(visit, gate.refused());
  await stateReleased(visit, gate, released(versions));
  const labels = versions.flatMap((version) => version.labels ?? []);
  return { versions: versions.map(renderedOf), labels, total, ...(next === undefined ? {} : { next }) };
}

/** The decision that the store asked about a version used the strictest labels of its record; so does the statement. */
function released(versions: readonly StoredVersion[]): AccessFacts[] {
  return versions.flatMap((version) => {
    const facts = version.text === null ? undefined : factsOf(asJudged(version));
    return facts === undefined ? [] : [facts];
  });
}

/** Opens every version of another organisation's record; who may open none may not know of tombstones either. */
async function foreignInstance(
  visit: Visit,
  type: string,
  versions: readonly LedgerVersion[],
): Promise<Page> {
  const { records } = await openForeign(
    visit,
    versions.filter(({ kind }) => kind !== 'retract'),
  );
  for (const step of ['decide', 'filter', 'state'] as const) pass(visit, step);
  if (records.length === 0 || records.some((record) => record.type !== type)) throw notFound();
  const labels = records.flatMap((record) => record.labels ?? []);
  return { ...pageOf(visit, newestFirst(visit, versions, records)), labels };
}

function newestFirst(
  visit: Visit,
  versions: readonly LedgerVersion[],
  records: readonly StoredVersion[],
): Rendered[] {
  const since = instantOf(visit, '_since');
  const opened = new Map(records.map((record) => [record.version, renderedOf(record)]));
  const facts = { type: part(visit, 'type'), id: part(visit, 'id') };
  return versions
    .flatMap(({ kind, version, lastUpdated }): Rendered[] => {
      const rendered =
        kind === 'retract' ? { ...facts, version, lastUpdated, text: null } : opened.get(version);
      return rendered === undefined ? [] : [rendered];
    })
    .filter(({ lastUpdated }) => since === undefined || Date.parse(lastUpdated) >= Date.parse(since))
    .toReversed();
}

function pageOf(visit: Visit, all: readonly Rendered[]): Omit<Page, 'labels'> {
  const before = Number(cursorOf(visit) ?? Number.MAX_SAFE_INTEGER);
  const rest = all.filter(({ version }) => Number(version) < before);
  const versions = rest.slice(0, countOf(visit));
  const next = versions.length < rest.length ? { next: String(versions.at(-1)?.version) } : {};
  return { versions, total: all.length, ...next };
}

async function faceInstance(visit: Visit, type: string, id: string): Promise<Page> {
  const face = faceOf(visit, type);
  const versions = (await face?.history?.(visit.context, id)) ?? [];
  for (const step of ['decide', 'open', 'filter', 'state'] as const) pass(visit, step);
  const current = versions.length > 0 ? undefined : await face?.read(visit.context, id);
  const all = current === undefined ? versions : [current];
  if (all.length === 0) throw notFound();
  return {
    versions: all.toReversed().map((version) => faceRendered(type, version)),
    labels: [],
    total: all.length,
  };
}

function renderHistory(visit: Visit, page: Page): RestAnswer {
  pass(visit, 'render');
  const next = page.next === undefined ? [] : [nextLink(visit, page.next)];
  const head = {
    type: 'history',
    total: page.total,
    links: [selfLink(visit), ...next],
    labels: page.labels,
  } as const;
  return json(
    200,
    bundleText(
      head,
      page.versions.map((version) => historyEntry(visit, version)),
    ),
  );
}

const CREATED = ['POST', '201'] as const;
const UPDATED = ['PUT', '200'] as const;
const DELETED = ['DELETE', '204'] as const;

function historyEntry(visit: Visit, version: Rendered): BundleEntry {
  const { type, id, text, lastUpdated } = version;
  const isFirst = String(version.version) === '1';
  const [method, status] = text === null ? DELETED : isFirst ? CREATED : UPDATED;
  return {
    fullUrl: `${visit.server.baseUrl}/${type}/${id}`,
    ...(text === null ? {} : { resource: text }),
    request: { method, url: method === 'POST' ? type : `${type}/${id}` },
    response: {
      status,
      etag: versionHeaders(version)['etag'] as string,
      lastModified: lastUpdated,
    },
  };
}
