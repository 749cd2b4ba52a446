import type { ApprovalRow, CircleRow } from '../state/rows.ts';
import type { KeyPart, Table } from '../state/table.ts';
import { ContractError } from '../errors.ts';
import type { Tx } from '../tx.ts';

/** Organisations whose approval is needed: more than half of the active ones. */
export function majorityOf(circle: CircleRow): number {
  return Math.floor(activeOf(circle).length / 2) + 1;
}

/** The organisations among these approvals that count: active members, each once; sorted. */
export function countedApprovals(circle: CircleRow, approvals: readonly ApprovalRow[]): string[] {
  const approved = new Set(approvals.map((approval) => approval.by.mspId));
  return activeOf(circle)
    .filter((mspId) => approved.has(mspId))
    .sort();
}

/**
 * Adds the approval of the caller's organisation to those already in the state, and returns all of them.
 *
 * @throws ContractError ALREADY_APPROVED
 */
export async function approve<Key extends readonly KeyPart[]>(
  tx: Tx,
  table: Table<Key, ApprovalRow>,
  subject: readonly KeyPart[],
): Promise<readonly ApprovalRow[]> {
  const before = await tx.scan(table, subject);
  if (before.some((approval) => approval.by.mspId === tx.caller.mspId)) {
    throw new ContractError('ALREADY_APPROVED', `${tx.caller.mspId} has approved this`);
  }
  const own: ApprovalRow = { by: tx.caller, at: tx.at };
  tx.put(table, [...subject, tx.caller.mspId] as unknown as Key, own);
  return [...before, own];
}

function activeOf(circle: CircleRow): string[] {
  return circle.organisations
    .filter((organisation) => organisation.status === 'active')
    .map((organisation) => organisation.mspId);
}
