import { ContractError } from '../errors.ts';
import type { authorisationFunctions } from '../functions/authorisation.ts';
import { chainInForce, nodeInForce } from '../gate/cover.ts';
import { decideAccess } from '../gate/decide.ts';
import { chainOf, holdsKey, isSignedWithin, type GrantChain } from '../gate/facts.ts';
import { groupOf } from '../gate/person-group.ts';
import type { ParsedArgumentOf } from '../registry.ts';
import type { GrantNode, GrantPointer, Grantee } from '../state/rows.ts';
import { WHOLE_ORGANISATION, tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import { flagDeny } from './deny-flags.ts';
import { assertEnforceable, placeInTree, type GrantStatement } from './grant-checks.ts';
import { assertOwnPerson, registered } from './persons.ts';
import type { RulesOf } from './rule.ts';

export const authorisationRules: RulesOf<keyof typeof authorisationFunctions> = {
  'authorisation:Grant': async (tx, argument) => {
    const statement = statementOf(tx, argument);
    if ((await tx.get(tables.grant, [statement.grantId])) !== undefined) {
      throw new ContractError('GRANT_EXISTS', 'the id is another grant’s');
    }
    await registered(tx, statement.personId);
    await assertEnforceable(tx, statement);
    const node: GrantNode = { ...statement, ...(await placeInTree(tx, statement)) };
    putNode(tx, node);
    await flagDeny(tx, node);
    tx.emit('Granted', {
      grantId: node.grantId,
      personId: node.personId,
      effect: node.effect,
      grantee: node.grantee,
      grantor: node.grantor,
      ...(node.parent === undefined ? {} : { parent: node.parent }),
    });
    return node;
  },

  'authorisation:Revoke': async (tx, { grantId }) => {
    const chain = await knownChain(tx, grantId);
    const node = chain[0] as GrantNode;
    if (node.revoked !== undefined) throw new ContractError('GRANT_REVOKED', 'the grant is revoked');
    await assertMayRevoke(tx, chain);
    const revoked: GrantNode = { ...node, revoked: { by: tx.caller, at: tx.at } };
    tx.put(tables.grant, [grantId], revoked);
    tx.delete(tables.grantByGrantee, [...granteeKey(node.grantee), node.personId, grantId]);
    tx.emit('Revoked', { grantId, personId: node.personId, by: tx.caller });
    return revoked;
  },

  'authorisation:Get': async (tx, { grantId }) => {
    const chain = await knownChain(tx, grantId);
    const node = chain[0] as GrantNode;
    await assertOwnPerson(tx, node.personId);
    const isSigned = isSignedWithin(await groupOf(tx, node.personId), chain);
    const inForce = node.effect === 'deny' ? nodeInForce(node, tx.at) : chainInForce(chain, tx.at);
    return { ...node, inForce: isSigned && inForce };
  },

  'authorisation:ListByPerson': async (tx, { personId, ...paging }) => {
    await assertOwnPerson(tx, personId);
    const page = await tx.page(tables.grantByPerson, [personId], paging);
    return { ...page, rows: await nodesOf(tx, page.rows) };
  },

  'authorisation:ListByGrantee': async (tx, { grantee, ...paging }) => {
    const page = await tx.page(tables.grantByGrantee, granteeKey(grantee), paging);
    return { ...page, rows: await nodesOf(tx, page.rows) };
  },

  'authorisation:Decide': async (tx, question) => ({ decisions: await decideAccess(tx, question) }),
};

function statementOf(tx: Tx, argument: ParsedArgumentOf<'authorisation:Grant'>): GrantStatement {
  return { ...argument, grantor: tx.caller, at: tx.at, transactionId: tx.id };
}

function putNode(tx: Tx, node: GrantNode): void {
  const { grantId, personId } = node;
  const pointer: GrantPointer = { grantId, personId };
  tx.put(tables.grant, [grantId], node);
  tx.put(tables.grantByPerson, [personId, grantId], pointer);
  tx.put(tables.grantByGrantee, [...granteeKey(node.grantee), personId, grantId], pointer);
}

function granteeKey(grantee: Grantee): [mspId: string, kind: string, who: string] {
  return [grantee.mspId, grantee.kind, whoOf(grantee)];
}

function whoOf(grantee: Grantee): string {
  if (grantee.kind === 'person') return grantee.userId;
  return grantee.kind === 'role' ? grantee.role : WHOLE_ORGANISATION;
}

async function knownChain(tx: Tx, grantId: string): Promise<GrantChain> {
  const chain = await chainOf(tx, grantId);
  if (chain.length === 0) throw new ContractError('GRANT_UNKNOWN', 'there is no such grant');
  return chain;
}

/** The patient, who granted the node, and who granted a node above it: each takes back what came from there. */
async function assertMayRevoke(tx: Tx, chain: GrantChain): Promise<void> {
  const { mspId, userId } = tx.caller;
  if (chain.some(({ grantor }) => grantor.mspId === mspId && grantor.userId === userId)) return;
  const personId = (chain[0] as GrantNode).personId;
  if (await holdsKey(tx, tx.caller, await groupOf(tx, personId))) return;
  throw new ContractError('NOT_THE_GRANTOR', 'the caller granted neither the node nor one above it');
}

async function nodesOf(tx: Tx, pointers: readonly GrantPointer[]): Promise<GrantNode[]> {
  const nodes = await Promise.all(pointers.map(({ grantId }) => tx.get(tables.grant, [grantId])));
  return nodes.filter((node) => node !== undefined);
}
