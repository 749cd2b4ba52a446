import { parseExact } from '@healthchain/core';
import { identifiersOf, type ExactResource } from '../../fhir/index.ts';
import type { StoredVersion } from '../../store/index.ts';

/**
 * Whom a directory entry stands for: `<mspId>/<userId>` or `<mspId>`, of its author's organisation alone. Every member writes into
 * the directory; nobody says there who another organisation's users are.
 */
export function identityIn(
  entry: Pick<StoredVersion, 'text' | 'author'> | undefined,
  system: string,
): string | undefined {
  if (entry === undefined || entry.text === null) return undefined;
  return identifiersOf(parseExact(entry.text) as ExactResource)
    .filter((identifier) => identifier.startsWith(`${system}|`))
    .map((identifier) => identifier.slice(system.length + 1))
    .find((value) => value === entry.author || value.startsWith(`${entry.author}/`));
}
