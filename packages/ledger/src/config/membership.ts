import type { ChannelConfig } from './types.ts';

/** Whether the organisation is a member of the channel: in its Application section. */
export function isMember(config: ChannelConfig, mspId: string): boolean {
  return config.organisations.some((organisation) => organisation.mspId === mspId);
}

/** The consenter id of the authority that signs blocks with this certificate (PEM); undefined when it is none. */
export function consenterIdOf(config: ChannelConfig, certificate: string): number | undefined {
  return config.consenters.find(({ identity }) => identity.trim() === certificate.trim())?.id;
}

/** MSP ids of everybody who can sign a change of the configuration: members, then organisations that only order. */
export function organisationsOf(config: ChannelConfig): readonly string[] {
  return [...new Set([...config.organisations.map(({ mspId }) => mspId), ...config.ordererMspIds])];
}
