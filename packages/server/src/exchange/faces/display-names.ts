import { parseSearch, search } from '../../search/index.ts';
import type { Store } from '../../store/index.ts';
import { identityIn } from './directory-identity.ts';
import { SYSTEM } from './systems.ts';

/** Names that one answer looks up; whoever comes after stays an identifier. */
const MAX_NAMES = 200;

/** Entries about one user that are looked at. */
const MAX_ENTRIES = 20;

/**
 * Names of users from the directory: those whom a Practitioner entry of their own organisation identifies as `<mspId>/<userId>`. The
 * certificate carries no name, so a user without an entry has none here.
 */
export async function displayNames(
  store: Store,
  users: Iterable<string>,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const user of [...new Set(users)].slice(0, MAX_NAMES)) {
    const name = await practitionerName(store, user);
    if (name !== undefined) names.set(user, name);
  }
  return names;
}

async function practitionerName(store: Store, user: string): Promise<string | undefined> {
  const query = parseSearch('Practitioner', [
    ['identifier', `${SYSTEM.user}|${user}`],
    ['_count', String(MAX_ENTRIES)],
  ]);
  const { matches } = await search([store], query, { permitted: () => Promise.resolve([]) });
  const hit = matches.find(({ record }) => identityIn(record, SYSTEM.user) === user);
  const text = hit?.record.text;
  if (typeof text !== 'string') return undefined;
  const { name } = JSON.parse(text) as {
    name?: { text?: string; family?: string; given?: string[] }[];
  };
  const [first] = name ?? [];
  return first?.text ?? ([...(first?.given ?? []), first?.family ?? ''].join(' ').trim() || undefined);
}
