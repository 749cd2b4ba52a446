import type { Purpose, Right } from '@healthchain/core';
import type { GrantException, GrantNode, Grantee, Signer } from '../state/rows.ts';
import type { AccessItem } from './question.ts';

/** What is asked about an item; `at` is the transaction's time. */
export interface Asking {
  readonly subject: Signer;
  readonly right: Right;
  readonly purpose: Purpose;
  readonly at: string;
}

/** Does a chain of nodes, the subject's own first, the patient's last, permit this? Every link has to. */
export function chainPermits(chain: readonly GrantNode[], item: AccessItem, asking: Asking): boolean {
  return (
    chain.length > 0 &&
    chainInForce(chain, asking.at) &&
    chain.every(
      (node, i) => (i === 0 || node.rights.includes('authorise')) && nodePermits(node, item, asking),
    )
  );
}

/** The chain reaches the patient, and no link is revoked, outside its period, or a deny. */
export function chainInForce(chain: readonly GrantNode[], at: string): boolean {
  return (
    chain.at(-1)?.parent === undefined &&
    chain.every((node) => node.effect === 'permit' && nodeInForce(node, at))
  );
}

export function nodeInForce(node: GrantNode, at: string): boolean {
  return node.revoked === undefined && within(node, at);
}

function nodePermits(node: GrantNode, item: AccessItem, asking: Asking): boolean {
  return (
    node.rights.includes(asking.right) &&
    node.purposes.includes(asking.purpose) &&
    coversCategories(node, item, asking) &&
    coversLabels(node, item, asking) &&
    !node.exceptions.some((exception) => exceptionTakes(exception, item, asking))
  );
}

/** Does a patient's deny, addressed to the subject, refuse this? Any category and any sensitivity in common is enough. */
export function nodeDenies(node: GrantNode, item: AccessItem, asking: Asking): boolean {
  return (
    node.effect === 'deny' &&
    nodeInForce(node, asking.at) &&
    node.rights.includes(asking.right) &&
    node.purposes.includes(asking.purpose) &&
    touchesCategories(node, item) &&
    touchesLabels(node, item) &&
    !node.exceptions.some((exception) => exceptionSpares(exception, item, asking))
  );
}

export function granteeIs(grantee: Grantee, subject: Signer): boolean {
  if (grantee.mspId !== subject.mspId) return false;
  if (grantee.kind === 'person') return grantee.userId === subject.userId;
  return grantee.kind === 'organisation' || grantee.role === subject.role;
}

/** `other` and what is only known to be restricted are in no list; a write of a restricted record needs a sensitivity named. */
function coversCategories(node: GrantNode, item: AccessItem, asking: Asking): boolean {
  if (item.categories.includes('restricted')) {
    return asking.right === 'write' && node.sensitivities.length > 0;
  }
  const { categories } = node;
  if (categories === '*') return true;
  return item.categories.every(
    (category) => category !== 'other' && category !== 'restricted' && categories.includes(category),
  );
}

function coversLabels(node: GrantNode, item: AccessItem, asking: Asking): boolean {
  if (asking.right === 'write' && item.categories.includes('restricted')) return true;
  if (item.confidentiality === 'R' && item.sensitivities.length === 0) return false;
  return item.sensitivities.every((label) => node.sensitivities.includes(label));
}

/** What is only known to be restricted may be of any category and carry any sensitivity. */
function touchesCategories(node: GrantNode, item: AccessItem): boolean {
  const { categories } = node;
  if (categories === '*') return true;
  return item.categories.some((category) => category === 'restricted' || categories.includes(category));
}

function touchesLabels(node: GrantNode, item: AccessItem): boolean {
  return (
    node.sensitivities.length === 0 ||
    item.categories.includes('restricted') ||
    item.sensitivities.some((label) => node.sensitivities.includes(label))
  );
}

function exceptionTakes(exception: GrantException, item: AccessItem, asking: Asking): boolean {
  const { categories, sensitivities } = exception;
  const unknown = item.categories.includes('restricted');
  return (
    matchesSituation(exception, asking) &&
    (categories === undefined ||
      unknown ||
      item.categories.some((category) => category !== 'restricted' && categories.includes(category))) &&
    (sensitivities === undefined ||
      unknown ||
      item.sensitivities.some((label) => sensitivities.includes(label)))
  );
}

function exceptionSpares(exception: GrantException, item: AccessItem, asking: Asking): boolean {
  const { categories, sensitivities } = exception;
  return (
    matchesSituation(exception, asking) &&
    (categories === undefined ||
      item.categories.every((category) => category !== 'restricted' && categories.includes(category))) &&
    (sensitivities === undefined ||
      (item.sensitivities.length > 0 && item.sensitivities.every((label) => sensitivities.includes(label))))
  );
}

function matchesSituation(exception: GrantException, asking: Asking): boolean {
  return (
    (exception.purposes === undefined || exception.purposes.includes(asking.purpose)) &&
    (exception.grantee === undefined || granteeIs(exception.grantee, asking.subject)) &&
    within(exception, asking.at)
  );
}

function within(
  period: { readonly start?: string | undefined; readonly end?: string | undefined },
  at: string,
): boolean {
  return (period.start === undefined || period.start <= at) && (period.end === undefined || at < period.end);
}
