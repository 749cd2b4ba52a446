import type { Engine } from '@healthchain/ledger';
import { openHealthClient, type KeyPair } from '@healthchain/server';
import type { AdministratorOf } from './found.ts';
import { ownIdentity } from './identities.ts';
import { membersOf, organisationOf, type ConsortiumState } from './state.ts';

/** Contract clients of the organisations' administrators, each over the gateway of the own organisation first. */
export async function administrators(
  data: string,
  state: ConsortiumState,
  engine: Engine,
): Promise<AdministratorOf> {
  const identities = new Map<string, KeyPair>();
  for (const organisation of state.organisations) {
    identities.set(organisation.mspId, await ownIdentity(data, organisation, 'administrator'));
  }
  return (mspId, circle) => {
    const others = membersOf(state, circle).filter((member) => member !== mspId);
    return openHealthClient({
      mspId: organisationOf(state, mspId).mspId,
      channel: circle,
      gateways: [mspId, ...others].map((member) => ({ mspId: member, client: engine.client(member) })),
      keyPair: identities.get(mspId) as KeyPair,
    });
  };
}
