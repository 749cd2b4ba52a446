import { ROLES_OF_KIND } from '@healthchain/core';
import { ContractError } from '../errors.ts';
import type { CircleRow, Organisation, Signer } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';

/** Why a signer may do nothing at all on this channel; codes of both the dispatcher and the gate. */
export type StandingRefusal =
  | 'NOT_A_MEMBER'
  | 'ORGANISATION_SUSPENDED'
  | 'USER_SUSPENDED'
  | 'ROLE_NOT_OF_ORGANISATION';

/** The first decision of the gate: is the signer of a member, neither suspended, in a role that such an organisation has? */
export async function standingOf(tx: Tx, signer: Signer): Promise<StandingRefusal | undefined> {
  const organisation = organisationIn(await circleOf(tx), signer.mspId);
  if (organisation === undefined) return 'NOT_A_MEMBER';
  if (organisation.status === 'suspended') return 'ORGANISATION_SUSPENDED';
  if ((await tx.get(tables.suspension, [signer.mspId, signer.userId])) !== undefined) return 'USER_SUSPENDED';
  if (!ROLES_OF_KIND[organisation.kind].includes(signer.role)) return 'ROLE_NOT_OF_ORGANISATION';
  return undefined;
}

/** @throws ContractError NOT_FOUNDED */
export async function circleOf(tx: Tx): Promise<CircleRow> {
  const circle = await tx.get(tables.circle, []);
  if (circle === undefined) {
    throw new ContractError('NOT_FOUNDED', 'not all founding organisations have confirmed the same list');
  }
  return circle;
}

export function organisationIn(circle: CircleRow, mspId: string): Organisation | undefined {
  return circle.organisations.find((organisation) => organisation.mspId === mspId);
}
