import { ROLES_OF_KIND, type Right } from '@healthchain/core';
import { ContractError } from '../errors.ts';
import { MAX_DELEGATION_DEPTH } from '../functions/authorisation.ts';
import { ROLE_RULES } from '../gate/base-policy.ts';
import { chainInForce, granteeIs, nodeInForce } from '../gate/cover.ts';
import { chainOf, isSignedWithin, personFacts, personOfKey, type GrantChain } from '../gate/facts.ts';
import { groupOf, type PersonGroup } from '../gate/person-group.ts';
import { circleOf, organisationIn } from '../gate/standing.ts';
import type { Categories, GrantNode, Grantee } from '../state/rows.ts';
import type { Tx } from '../tx.ts';

/** What a node states of itself, before it is known where in the tree it hangs. */
export type GrantStatement = Omit<GrantNode, 'depth' | 'revoked' | 'signedAs'>;
export type PlaceInTree = Pick<GrantNode, 'depth' | 'signedAs'>;

/**
 * May the caller put this node under its parent (or, without one, at the root), and does it not exceed it?
 *
 * @throws ContractError NOT_THE_PATIENT, DENY_IS_THE_PATIENTS, PARENT_NOT_VALID, PARENT_NOT_HELD, EXCEEDS_PARENT, TOO_DEEP
 */
export async function placeInTree(tx: Tx, statement: GrantStatement): Promise<PlaceInTree> {
  const group = await groupOf(tx, statement.personId);
  if (statement.parent === undefined) return { depth: 0, signedAs: await patientOf(tx, group) };
  if (statement.effect === 'deny') {
    throw new ContractError('DENY_IS_THE_PATIENTS', 'only the patient denies');
  }
  const chain = await chainOf(tx, statement.parent);
  const parent = validParent(isSignedWithin(group, chain) ? chain : [], statement, tx.at);
  if (!granteeIs(parent.grantee, tx.caller) || !parent.rights.includes('authorise')) {
    throw new ContractError('PARENT_NOT_HELD', 'the caller does not hold `authorise` by the parent');
  }
  await assertNotDenied(tx, statement);
  const exceeding = exceedingDimension(statement, parent);
  if (exceeding !== undefined) {
    throw new ContractError('EXCEEDS_PARENT', `${exceeding} exceeds the parent’s`);
  }
  if (chain.length > MAX_DELEGATION_DEPTH) {
    throw new ContractError('TOO_DEEP', `at most ${MAX_DELEGATION_DEPTH} delegations`);
  }
  return { depth: chain.length };
}

/** The dimension in which a child states more than its parent holds. Exceptions of the parent bind the child by its chain. */
export function exceedingDimension(child: GrantStatement, parent: GrantNode): string | undefined {
  const dimensions = {
    rights: isSubset(child.rights, parent.rights),
    categories: isWithin(child.categories, parent.categories),
    sensitivities: isSubset(child.sensitivities, parent.sensitivities),
    purposes: isSubset(child.purposes, parent.purposes),
    start: child.start >= parent.start,
    end: parent.end === undefined || (child.end !== undefined && child.end <= parent.end),
  };
  return Object.entries(dimensions).find(([, holds]) => !holds)?.[0];
}

/** What could never be enforced is refused instead of stored (health.md section 4). */
export async function assertEnforceable(tx: Tx, statement: GrantStatement): Promise<void> {
  if (statement.end !== undefined && (statement.end <= statement.start || statement.end <= tx.at)) {
    throw new ContractError('PERIOD_NOT_POSSIBLE', 'the period is empty or over');
  }
  await assertGrantee(tx, statement.grantee, statement.rights);
  for (const { grantee } of statement.exceptions) {
    if (grantee !== undefined && grantee.mspId !== statement.grantee.mspId) {
      throw new ContractError('GRANTEE_NOT_POSSIBLE', 'an exception names a grantee of another organisation');
    }
  }
}

async function assertGrantee(tx: Tx, grantee: Grantee, rights: readonly Right[]): Promise<void> {
  const organisation = organisationIn(await circleOf(tx), grantee.mspId);
  if (organisation === undefined) {
    throw new ContractError('GRANTEE_NOT_POSSIBLE', `${grantee.mspId} is no member`);
  }
  if (grantee.kind !== 'role') return;
  if (!ROLES_OF_KIND[organisation.kind].includes(grantee.role)) {
    throw new ContractError('GRANTEE_NOT_POSSIBLE', `a ${organisation.kind} has no ${grantee.role}`);
  }
  const isAnonymised = grantee.role === 'researcher' && rights.every((right) => right === 'read-anonymised');
  if (grantee.role === 'server' || (ROLE_RULES[grantee.role].refused !== undefined && !isAnonymised)) {
    throw new ContractError('GRANTEE_NOT_POSSIBLE', `no grant opens content to the role ${grantee.role}`);
  }
}

/** The person whose key the caller holds. */
async function patientOf(tx: Tx, group: PersonGroup): Promise<string> {
  const person = await personOfKey(tx, tx.caller, group);
  if (person === undefined)
    throw new ContractError('NOT_THE_PATIENT', 'a node without a parent is the patient’s');
  return person;
}

function validParent(chain: GrantChain, statement: GrantStatement, at: string): GrantNode {
  const parent = chain[0];
  if (parent === undefined || parent.personId !== statement.personId || !chainInForce(chain, at)) {
    throw new ContractError('PARENT_NOT_VALID', 'the parent, or a node above it, is not in force');
  }
  return parent;
}

/** Who is denied something passes nothing of it on. */
async function assertNotDenied(tx: Tx, statement: GrantStatement): Promise<void> {
  const { chains } = await personFacts(tx, tx.caller, statement.personId);
  const isDenied = chains.some(
    ([node]) => node?.effect === 'deny' && nodeInForce(node, tx.at) && overlaps(node, statement),
  );
  if (isDenied) throw new ContractError('PARENT_NOT_HELD', 'the patient has denied this to the caller');
}

function overlaps(deny: GrantNode, statement: GrantStatement): boolean {
  return (
    (deny.rights.includes('authorise') || deny.rights.some((right) => statement.rights.includes(right))) &&
    deny.purposes.some((purpose) => statement.purposes.includes(purpose)) &&
    (deny.categories === '*' ||
      statement.categories === '*' ||
      deny.categories.some((category) => statement.categories.includes(category)))
  );
}

function isSubset<Value>(part: readonly Value[], whole: readonly Value[]): boolean {
  return part.every((value) => whole.includes(value));
}

function isWithin(part: Categories, whole: Categories): boolean {
  return whole === '*' || (part !== '*' && isSubset(part, whole));
}
