import { parseConfig, type ServerConfig } from '@healthchain/server';
import { HOST } from './ports.ts';
import {
  fhirBaseOf,
  membersOf,
  serverDirectory,
  serverUrl,
  type ConsortiumState,
  type OrganisationState,
} from './state.ts';

/** The configuration of one organisation's server in a consortium on this machine: plain HTTP on loopback. */
export function serverConfig(
  data: string,
  state: ConsortiumState,
  organisation: OrganisationState,
): ServerConfig {
  return parseConfig({
    organisation: { mspId: organisation.mspId, kind: organisation.kind, name: organisation.title },
    directory: serverDirectory(data, organisation),
    http: { host: HOST, port: organisation.port, publicUrl: serverUrl(organisation) },
    custody: { host: HOST, port: organisation.custodyPort },
    channels: circlesOf(state, organisation),
    members: state.organisations.map((member) => ({
      mspId: member.mspId,
      kind: member.kind,
      fhirBase: fhirBaseOf(member),
      custodyUrl: `https://${HOST}:${member.custodyPort}`,
    })),
  });
}

/** The own circle first, then the others that the organisation is in. */
function circlesOf(
  state: ConsortiumState,
  organisation: OrganisationState,
): { name: string; members: readonly string[] }[] {
  const names =
    organisation.circle === 'care' ? (['care', 'consortium'] as const) : (['consortium'] as const);
  return names.map((name) => ({ name, members: membersOf(state, name) }));
}
