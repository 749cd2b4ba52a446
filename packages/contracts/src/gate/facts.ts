import type { GrantNode, GrantPointer, Signer } from '../state/rows.ts';
import { MAX_DELEGATION_DEPTH } from '../functions/authorisation.ts';
import { WHOLE_ORGANISATION, tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import { groupOf, type PersonGroup } from './person-group.ts';

/** A relation ends this many days after the day that made it (health.md section 2). */
export const RELATION_DAYS = 90;

/** What the ledger says of a subject and one person; all that a decision about the person's records rests on. */
export interface PersonFacts {
  readonly members: readonly string[];
  /** The subject is a patient who holds the person's key. */
  readonly isOwnPerson: boolean;
  /** The subject's organisation has a relation to the person. */
  readonly isRelated: boolean;
  /** Chains of nodes addressed to the subject, each from the node up to the patient. */
  readonly chains: readonly GrantChain[];
  /**
   * The chains of each further person merged into this one that has ever permitted anything: until the merge is undone, the
   * stricter of the grants holds, so each of them has to permit as well.
   */
  readonly furtherChains: readonly (readonly GrantChain[])[];
}
export type GrantChain = readonly GrantNode[];

export async function personFacts(tx: Tx, subject: Signer, personId: string): Promise<PersonFacts> {
  const group = await groupOf(tx, personId);
  const pointers = await Promise.all(group.members.map((member) => pointersTo(tx, subject, member)));
  const nodes = await Promise.all(pointers.flat().map((pointer) => chainOf(tx, pointer.grantId)));
  return {
    members: group.members,
    isOwnPerson: await holdsKey(tx, subject, group),
    isRelated: await anyRelated(tx, subject.mspId, group.members),
    chains: chainsFor(personId, group, nodes),
    furtherChains: await furtherChains(tx, personId, group, nodes),
  };
}

/** What suffices for a write by relation: one key, and no range. `undefined`: look at everything. */
export async function relationFacts(
  tx: Tx,
  subject: Signer,
  personId: string,
): Promise<PersonFacts | undefined> {
  const relation = await tx.get(tables.relation, [personId, subject.mspId]);
  if (relation === undefined || relation.consultDenies || !isRecent(relation.day, tx.day)) return undefined;
  return { members: [personId], isOwnPerson: false, isRelated: true, chains: [], furtherChains: [] };
}

/** The node and its ancestors up to the patient's. A chain that does not end there (a missing parent) permits nothing. */
export async function chainOf(tx: Tx, grantId: string): Promise<GrantChain> {
  const chain: GrantNode[] = [];
  for (let next: string | undefined = grantId; next !== undefined;) {
    const node: GrantNode | undefined = await tx.get(tables.grant, [next]);
    if (node === undefined || chain.length > MAX_DELEGATION_DEPTH) return chain;
    chain.push(node);
    next = node.parent;
  }
  return chain;
}

export async function isRelatedTo(tx: Tx, mspId: string, personId: string): Promise<boolean> {
  const relation = await tx.get(tables.relation, [personId, mspId]);
  return relation !== undefined && isRecent(relation.day, tx.day);
}

/** Does a user hold the key of this person, or of one merged with it? */
export async function holdsKey(tx: Tx, user: Signer, group: PersonGroup): Promise<boolean> {
  return (await personOfKey(tx, user, group)) !== undefined;
}

/** The person of the group whose key a patient holds. */
export async function personOfKey(tx: Tx, user: Signer, group: PersonGroup): Promise<string | undefined> {
  if (user.role !== 'patient') return undefined;
  const binding = await tx.get(tables.binding, [user.mspId, user.userId]);
  return binding !== undefined && group.members.includes(binding.personId) ? binding.personId : undefined;
}

/** Was the chain's root signed with a key of this group? Of persons that are no longer one, neither signs for the other. */
export function isSignedWithin(group: PersonGroup, chain: GrantChain): boolean {
  const root = chain.at(-1);
  return root?.signedAs === undefined || group.members.includes(root.signedAs);
}

async function pointersTo(tx: Tx, subject: Signer, personId: string): Promise<readonly GrantPointer[]> {
  const { mspId } = subject;
  const found = await Promise.all([
    tx.scan(tables.grantByGrantee, [mspId, 'person', subject.userId, personId]),
    tx.scan(tables.grantByGrantee, [mspId, 'role', subject.role, personId]),
    tx.scan(tables.grantByGrantee, [mspId, 'organisation', WHOLE_ORGANISATION, personId]),
  ]);
  return found.flat();
}

/**
 * A person's own chains, and those that the patient has granted since the merge for any person merged with it: what is delegated
 * later of an earlier grant is not more than that. Denies bind all of them.
 */
function chainsFor(personId: string, group: PersonGroup, chains: readonly GrantChain[]): GrantChain[] {
  return chains.filter((chain) => {
    const [node] = chain;
    const root = chain.at(-1);
    if (node === undefined || root === undefined || !isSignedWithin(group, chain)) return false;
    const sinceMerge = group.mergedAt !== undefined && root.at > group.mergedAt;
    return node.personId === personId || node.effect === 'deny' || sinceMerge;
  });
}

async function furtherChains(
  tx: Tx,
  personId: string,
  group: PersonGroup,
  chains: readonly GrantChain[],
): Promise<GrantChain[][]> {
  const further: GrantChain[][] = [];
  for (const member of group.members) {
    if (member !== personId && (await hasEverPermitted(tx, member))) {
      further.push(chainsFor(member, group, chains));
    }
  }
  return further;
}

async function hasEverPermitted(tx: Tx, personId: string): Promise<boolean> {
  const pointers = await tx.scan(tables.grantByPerson, [personId]);
  for (const pointer of pointers) {
    const node = await tx.get(tables.grant, [pointer.grantId]);
    if (node?.effect === 'permit') return true;
  }
  return false;
}

async function anyRelated(tx: Tx, mspId: string, members: readonly string[]): Promise<boolean> {
  for (const member of members) {
    if (await isRelatedTo(tx, mspId, member)) return true;
  }
  return false;
}

function isRecent(day: string | null, today: string): boolean {
  return day !== null && (Date.parse(today) - Date.parse(day)) / 86_400_000 <= RELATION_DAYS;
}
