import { INTERACTIONS, type Interaction } from './interactions.ts';
import type { Method } from './visit.ts';

export interface Route {
  readonly row: Interaction;
  readonly path: Readonly<Record<string, string>>;
}

/** The row for an entry of a batch; the HTTP router of the server decides in the same way. */
export function routeOf(method: string, pathname: string): Route | undefined {
  const candidates = INTERACTIONS.filter((row) => row.method === method)
    .map((row) => ({ row, path: matched(row.path, pathname) }))
    .filter((route): route is Route => route.path !== undefined);
  return candidates.toSorted((left, right) => placeholders(left.row) - placeholders(right.row))[0];
}

/** The methods that a path has. */
export function methodsOf(pathname: string): Method[] {
  const rows = INTERACTIONS.filter((row) => matched(row.path, pathname) !== undefined);
  return [...new Set(rows.map(({ method }) => method))].sort();
}

function matched(template: string, pathname: string): Record<string, string> | undefined {
  const wanted = template.split('/').filter((name) => name !== '');
  const given = pathname.split('/').filter((name) => name !== '');
  if (wanted.length !== given.length) return undefined;
  const path: Record<string, string> = {};
  for (const [i, name] of wanted.entries()) {
    const value = given[i] as string;
    if (!name.startsWith(':')) {
      if (name !== value) return undefined;
    } else if (/^[_$]/.test(value) || (name === ':type' && !/^[A-Z]/.test(value))) return undefined;
    else path[name.slice(1)] = value;
  }
  return path;
}

/** A fixed part is a closer match than a placeholder. */
function placeholders(row: Interaction): number {
  return row.path.split(':').length;
}
