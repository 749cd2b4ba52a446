import { groupOf } from '../gate/person-group.ts';
import type { GrantNode, MergeRow } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';

/**
 * A write that rests on a relation reads that one row and no range of grants. So a deny of writing marks the relation of the
 * organisation it is addressed to; a marked row sends the write to look at the denies. The mark outlives the deny, which costs
 * a range, never a decision.
 */
export async function flagDeny(tx: Tx, node: GrantNode): Promise<void> {
  if (!deniesWriting(node)) return;
  const { members } = await groupOf(tx, node.personId);
  for (const personId of members) await flag(tx, personId, node.grantee.mspId);
}

/** From a merge on, each person's denies bind writes about the other. */
export async function flagDeniesOfMerged(tx: Tx, merge: MergeRow): Promise<void> {
  const from = await groupOf(tx, merge.fromPersonId);
  const into = await groupOf(tx, merge.intoPersonId);
  const members = [...from.members, ...into.members];
  const organisations = new Set<string>();
  for (const personId of members) {
    for (const mspId of await deniedOrganisations(tx, personId)) organisations.add(mspId);
  }
  for (const personId of members) {
    for (const mspId of organisations) await flag(tx, personId, mspId);
  }
}

async function deniedOrganisations(tx: Tx, personId: string): Promise<string[]> {
  const pointers = await tx.scan(tables.grantByPerson, [personId]);
  const nodes = await Promise.all(pointers.map(({ grantId }) => tx.get(tables.grant, [grantId])));
  return nodes.flatMap((node) => (node !== undefined && deniesWriting(node) ? [node.grantee.mspId] : []));
}

async function flag(tx: Tx, personId: string, mspId: string): Promise<void> {
  const relation = await tx.get(tables.relation, [personId, mspId]);
  if (relation?.consultDenies === true) return;
  tx.put(tables.relation, [personId, mspId], {
    personId,
    mspId,
    day: relation?.day ?? null,
    consultDenies: true,
  });
}

function deniesWriting(node: GrantNode): boolean {
  return node.effect === 'deny' && node.rights.includes('write');
}
