import type { HealthClient } from '@healthchain/contracts';
import type { OrganisationKind } from '@healthchain/core';

export interface FoundingMember {
  readonly mspId: string;
  readonly name: string;
  readonly kind: OrganisationKind;
  /** Submits as the organisation's administrator. */
  readonly client: HealthClient;
}

/** Founds a circle in which every member is a custodian: all confirm the list, a majority approves epoch 1. */
export async function found(members: readonly FoundingMember[]): Promise<void> {
  const organisations = members.map(({ mspId, name, kind }) => ({ mspId, name, kind }));
  const [first, ...others] = members;
  if (first === undefined) throw new Error('A circle without members');
  await first.client.membership.found({ organisations });
  for (const { client } of others) await client.membership.confirmFounding({ organisations });
  const custodians = members.map(({ mspId }, i) => ({ mspId, index: i + 1 }));
  await first.client.custody.proposeEpoch({ epoch: 1, custodians });
  const needed = Math.floor(members.length / 2) + 1;
  for (const { client } of others.slice(0, needed - 1)) await client.custody.approveEpoch({ epoch: 1 });
}
