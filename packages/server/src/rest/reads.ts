import { json, locationOf, type Rendered, versionHeaders } from './answers.ts';
import { isUnchanged } from './headers.ts';
import { locate } from './located.ts';
import { release } from './release.ts';
import { part, pass, type RestAnswer, type Visit } from './visit.ts';

export async function read(visit: Visit): Promise<RestAnswer> {
  const [type, id] = [part(visit, 'type'), part(visit, 'id')];
  const located = await locate(visit, type, id);
  return renderRead(visit, await release(visit, type, id, located));
}

export async function vread(visit: Visit): Promise<RestAnswer> {
  const [type, id] = [part(visit, 'type'), part(visit, 'id')];
  const located = await locate(visit, type, id);
  return renderRead(visit, await release(visit, type, id, located, part(visit, 'version')));
}

function renderRead(visit: Visit, rendered: Rendered): RestAnswer {
  pass(visit, 'render');
  const headers: Record<string, string> = {
    ...versionHeaders(rendered),
    'content-location': locationOf(visit, rendered),
  };
  const current = { etag: headers['etag'] as string, lastUpdated: rendered.lastUpdated };
  if (isUnchanged(visit.request.headers, current)) return { status: 304, headers };
  return { ...json(200, rendered.text ?? '', headers), lastUpdated: rendered.lastUpdated };
}
