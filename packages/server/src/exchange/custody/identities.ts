import { ROLES, ROLES_OF_KIND, isPersonId, type Role } from '@healthchain/core';
import type { Identities, Identity } from '@healthchain/custody';
import { serializeIdentity, type ChannelConfig } from '@healthchain/ledger';
import type { LedgerFacts } from '../facts/facts.ts';

/**
 * Who a certificate is, by the channel's configuration as the own peer committed it: its MSP's roots and CRL, and the certificate's
 * period by the own clock; and by the own peer's state: an active organisation, which has users of this role (its CA certifies
 * what it likes), and no suspension. Everything else is nobody.
 */
export function channelIdentities(options: {
  readonly config: () => ChannelConfig | undefined;
  readonly facts: LedgerFacts;
  readonly channel: string;
  readonly clock: () => Date;
}): ChannelIdentities {
  return {
    identify: (mspId, certificate) => {
      try {
        return identify(options, mspId, certificate);
      } catch {
        return undefined;
      }
    },
  };
}

/** Custody's port, answered at once. */
export interface ChannelIdentities extends Identities {
  identify(mspId: string, certificate: string): Identity | undefined;
}

function identify(
  { config, facts, channel, clock }: Parameters<typeof channelIdentities>[0],
  mspId: string,
  certificate: string,
): Identity | undefined {
  const manager = config()?.identities;
  if (manager === undefined) return undefined;
  const identity = manager.deserialize(serializeIdentity(mspId, certificate));
  manager.validate(identity, clock());
  const { role, userId } = identity.attributes;
  if (!isRole(role) || userId === undefined || !isPersonId(userId)) return undefined;
  if (!hasRole(facts, channel, mspId, role)) return undefined;
  if (facts.row(channel, 'suspension', `${mspId}/${userId}`) !== undefined) return undefined;
  return { mspId, userId, role, key: identity.publicKey };
}

function hasRole(facts: LedgerFacts, channel: string, mspId: string, role: Role): boolean {
  const organisations = facts.row(channel, 'circle', '')?.row.organisations ?? [];
  const organisation = organisations.find((candidate) => candidate.mspId === mspId);
  return organisation?.status === 'active' && ROLES_OF_KIND[organisation.kind].includes(role);
}

function isRole(role: string | undefined): role is Role {
  return (ROLES as readonly (string | undefined)[]).includes(role);
}
