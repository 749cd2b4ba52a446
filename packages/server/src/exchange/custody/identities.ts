import { ROLES, isPersonId, type Role } from '@healthchain/core';
import type { Identities, Identity } from '@healthchain/custody';
import { serializeIdentity, type ChannelConfig } from '@healthchain/ledger';
import type { LedgerFacts } from '../facts/facts.ts';

/**
 * Who a certificate is, by the channel's configuration as the own peer committed it: its MSP's roots and CRL, the certificate's
 * period by the own clock, and no suspension in the own peer's state. Everything else is nobody.
 */
export function channelIdentities(options: {
  readonly config: () => ChannelConfig | undefined;
  readonly facts: LedgerFacts;
  readonly channel: string;
  readonly clock: () => Date;
}): Identities {
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
  if (facts.row(channel, 'suspension', `${mspId}/${userId}`) !== undefined) return undefined;
  return { mspId, userId, role, key: identity.publicKey };
}

function isRole(role: string | undefined): role is Role {
  return (ROLES as readonly (string | undefined)[]).includes(role);
}
