import { MAX_MERGED } from '../functions/persons.ts';
import type { LinkRow } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';

/** The persons that confirmed merges make one. */
export interface PersonGroup {
  /** The person that stands for all. */
  readonly personId: string;
  /** Sorted. */
  readonly members: readonly string[];
  /** When the last of its merges was confirmed; absent of a person that stands alone. */
  readonly mergedAt?: string;
}

export async function groupOf(tx: Tx, personId: string): Promise<PersonGroup> {
  const members = new Set([personId]);
  const links: LinkRow[] = [];
  for (const member of members) {
    const found = await tx.scan(tables.link, [member]);
    links.push(...found);
    for (const link of found) members.add(link.otherPersonId);
    if (members.size > MAX_MERGED) throw new Error('a merged person exceeds its limit');
  }
  if (links.length === 0) return { personId, members: [personId] };
  const absorbed = new Set(
    links.map((link) => (link.intoPersonId === link.personId ? link.otherPersonId : link.personId)),
  );
  return {
    personId: [...members].find((member) => !absorbed.has(member)) ?? personId,
    members: [...members].sort(),
    mergedAt: links.map((link) => link.at).reduce((latest, at) => (at > latest ? at : latest)),
  };
}
