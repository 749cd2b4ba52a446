import type { Engine } from '@healthchain/ledger';
import { serve, tlsIdentityFrom, type KeyPair, type RunningServer } from '@healthchain/server';
import { ownIdentity } from './identities.ts';
import { matchingKeyOf } from './matching-key.ts';
import { serverConfig } from './server-config.ts';
import type { ConsortiumState, OrganisationState } from './state.ts';

export interface RunningOrganisation extends RunningServer {
  readonly organisation: OrganisationState;
  /** The identity of role `server`. */
  readonly server: KeyPair;
}

export interface OrganisationInput {
  readonly data: string;
  readonly state: ConsortiumState;
  readonly organisation: OrganisationState;
  readonly engine: Engine;
  readonly clock: (() => Date) | undefined;
}

/** Starts the server of one organisation over the engine's gateways; on return it listens. */
export async function openOrganisation(input: OrganisationInput): Promise<RunningOrganisation> {
  const { organisation, data, state, engine, clock } = input;
  const server = await ownIdentity(data, organisation, 'server');
  const running = await serve(serverConfig(data, state, organisation), {
    gateways: ownFirst(state, organisation).map(({ mspId }) => ({ mspId, client: engine.client(mspId) })),
    server,
    tls: membersTls(state, tlsIdentityFrom(engine.network, organisation.mspId)),
    matchingKey: matchingKeyOf(data, organisation),
    ...(clock === undefined ? {} : { clock }),
  });
  return { ...running, organisation, server };
}

/** Trusts the TLS roots of those who are members: the files of who has left stay on disk. */
function membersTls(state: ConsortiumState, tls: TlsIdentity): TlsIdentity {
  const isMember = (mspId: string) => state.organisations.some((member) => member.mspId === mspId);
  return {
    ...tls,
    roots: Object.fromEntries(Object.entries(tls.roots).filter(([mspId]) => isMember(mspId))),
  };
}

type TlsIdentity = ReturnType<typeof tlsIdentityFrom>;

/** The own gateway first; of the others, those of a channel's members stand in on that channel. */
function ownFirst(state: ConsortiumState, own: OrganisationState): OrganisationState[] {
  return [own, ...state.organisations.filter((other) => other !== own)];
}
