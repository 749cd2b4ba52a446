import type { Face } from '../ports.ts';
import { json } from './answers.ts';
import { bundleText } from './bundle-text.ts';
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
  const after = cursorOf(visit);
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const page = all.slice(start, start + countOf(visit));
  const last = page.at(-1);
  const next = last === undefined || start + page.length >= all.length ? [] : [nextLink(visit, last.id)];
  const entries = page.map(({ id, text }) => ({
    fullUrl: `${visit.server.baseUrl}/${type}/${id}`,
    ...(text === null ? {} : { resource: text }),
    search: { mode: 'match' as const },
  }));
  return json(
    200,
    bundleText({ type: 'searchset', total: all.length, links: [selfLink(visit), ...next] }, entries),
  );
}
