import type { Face, FaceResource } from '../ports.ts';
import { json, type Rendered } from './answers.ts';
import { type BundleEntry, bundleText } from './bundle-text.ts';
import { RestError } from './error.ts';
import { countOf, cursorOf, nextLink, selfLink } from './paging.ts';
import { faceRendered } from './release.ts';
import { pass, type RestAnswer, type Visit } from './visit.ts';

const CONTROLS: ReadonlySet<string> = new Set(['_count', '_cursor', '_total']);

/** A search of a face: it decides and filters itself; pages are cut from its list, whose order is its own. */
export async function searchFace(
  visit: Visit,
  type: string,
  face: Face,
  parameters: readonly (readonly [string, string])[],
): Promise<RestAnswer> {
  const wanted = parameters
    .filter(([name]) => !CONTROLS.has(name))
    .map(([name, value]): [string, string] => [name, value]);
  const found = await face.search(visit.context, new URLSearchParams(wanted));
  for (const step of ['locate', 'decide', 'open', 'filter', 'state', 'render'] as const) pass(visit, step);
  const all = found.map((resource) => faceRendered(type, resource));
  const start = startOf(
    visit,
    all.map(({ id }) => id),
  );
  const page = all.slice(start, start + countOf(visit));
  const last = page.at(-1);
  const next = last === undefined || start + page.length >= all.length ? [] : [nextLink(visit, last.id)];
  const entries = page.map((rendered) => renderedEntry(visit, rendered));
  return json(
    200,
    bundleText({ type: 'searchset', total: all.length, links: [selfLink(visit), ...next] }, entries),
  );
}

export function faceEntry(visit: Visit, type: string, resource: FaceResource): BundleEntry {
  return renderedEntry(visit, faceRendered(type, resource));
}

function renderedEntry(visit: Visit, { type, id, text }: Rendered): BundleEntry {
  const fullUrl = `${visit.server.baseUrl}/${type}/${id}`;
  return { fullUrl, ...(text === null ? {} : { resource: text }), search: { mode: 'match' } };
}

/** Behind the last entry of the page before. */
function startOf(visit: Visit, ids: readonly string[]): number {
  const after = cursorOf(visit);
  const place = after === undefined ? -1 : ids.indexOf(after);
  if (after === undefined || place >= 0) return place + 1;
  throw new RestError('PARAMETER', 'The list has changed; begin again', {
    details: { expression: '_cursor' },
  });
}
