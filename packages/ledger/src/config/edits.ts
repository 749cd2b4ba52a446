import type { Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { decodeMspConfig, wrapMspConfig } from '../msp/index.ts';
import { parsePolicy } from '../policy/index.ts';
import { mspIdOf, treeOf } from './channel-config.ts';
import { bftBlockValidation, organisationGroup } from './genesis.ts';
import { decodeConfig, EMPTY_GROUP, encodeConfig, type ConfigGroup } from './tree.ts';
import type { BatchLimits, ChannelConfig, Consenter, GenesisOrganisation } from './types.ts';
import {
  decodeBatch,
  encodeAnchorPeers,
  encodeBatchSize,
  encodeBatchTimeout,
  encodeCapabilities,
  encodeConsenters,
  KEY,
} from './values.ts';

const SECTION = { orderer: 'Orderer', application: 'Application' } as const;
export type ConfigLevel = 'channel' | keyof typeof SECTION;
/** common.Policy.PolicyType */
const SIGNATURE_POLICY = 1;

/** The common.Config message inside a configuration: what an edit starts from. */
export function configOf(config: ChannelConfig): Bytes {
  return encodeConfig({ sequence: config.sequence, channelGroup: treeOf(config) });
}

/**
 * Config messages with one thing changed, to be handed to computeConfigUpdate together with the message they came from.
 * Versions stay: the update's computation counts them up.
 */
export const configEdits = {
  /** In every group where the organisation stands. */
  addRevocationList(config: Uint8Array, mspId: string, crl: Uint8Array): Bytes {
    return edit(config, (channel) => {
      let found = false;
      const edited = mapOrganisations(channel, (organisation) => {
        if (mspIdOf(organisation) !== mspId) return organisation;
        found = true;
        const msp = decodeMspConfig(valueOf(organisation, KEY.msp));
        msp.setRevocationListList([...msp.getRevocationListList_asU8(), crl]);
        return withValue(organisation, KEY.msp, wrapMspConfig(msp));
      });
      if (!found)
        throw new LedgerError('CONFIG_REFUSED', `No organisation of the channel has the MSP ${mspId}`);
      return edited;
    });
  },

  setBatchLimits(config: Uint8Array, limits: Partial<BatchLimits>): Bytes {
    return editGroup(config, 'Orderer', (group) => {
      const batch = {
        ...decodeBatch(valueOf(group, KEY.batchSize), valueOf(group, KEY.batchTimeout)),
        ...limits,
      };
      return withValue(
        withValue(group, KEY.batchSize, encodeBatchSize(batch)),
        KEY.batchTimeout,
        encodeBatchTimeout(batch.timeoutMs),
      );
    });
  },

  addApplicationOrganisation(config: Uint8Array, organisation: GenesisOrganisation): Bytes {
    return editGroup(config, 'Application', (group) =>
      withGroup(group, organisation.name, organisationGroup(organisation, 'member')),
    );
  },

  removeApplicationOrganisation(config: Uint8Array, name: string): Bytes {
    return editGroup(config, 'Application', (group) => withGroup(group, name, undefined));
  },

  addOrdererOrganisation(config: Uint8Array, organisation: GenesisOrganisation): Bytes {
    return editGroup(config, 'Orderer', (group) =>
      withGroup(group, organisation.name, organisationGroup(organisation, 'authority')),
    );
  },

  /** Takes out of the Orderer section whoever's MSP is not among these. */
  keepOrdererOrganisations(config: Uint8Array, mspIds: ReadonlySet<string>): Bytes {
    return editGroup(config, 'Orderer', (group) => ({
      ...group,
      groups: new Map([...group.groups].filter(([, organisation]) => mspIds.has(mspIdOf(organisation)))),
    }));
  },

  /** The capabilities of one level; each is a promise that every node of the channel can do it. */
  setCapabilities(config: Uint8Array, level: ConfigLevel, names: readonly string[]): Bytes {
    return editLevel(config, level, (group) => withValue(group, KEY.capabilities, encodeCapabilities(names)));
  },

  /** A policy of the channel or of one of its sections, as a rule: "OR('NorthMSP.admin','SouthMSP.admin')". */
  setPolicy(config: Uint8Array, level: ConfigLevel, name: string, rule: string): Bytes {
    return editLevel(config, level, (group) => {
      const before = group.policies.get(name) ?? { version: 0n, modPolicy: 'Admins' };
      const policy = { type: SIGNATURE_POLICY, value: parsePolicy(rule) };
      return { ...group, policies: new Map([...group.policies, [name, { ...before, policy }]]) };
    });
  },

  /** The consenters of a BFT channel, and the policy that their blocks are judged by. */
  setConsenters(config: Uint8Array, consenters: readonly Consenter[]): Bytes {
    return editGroup(config, 'Orderer', (group) => {
      const before = group.policies.get('BlockValidation');
      const policies = new Map(group.policies);
      policies.set('BlockValidation', {
        version: 0n,
        modPolicy: 'Admins',
        ...before,
        policy: bftBlockValidation(consenters),
      });
      return { ...withValue(group, KEY.orderers, encodeConsenters(consenters)), policies };
    });
  },

  setAnchorPeers(
    config: Uint8Array,
    name: string,
    peers: readonly { readonly host: string; readonly port: number }[],
  ): Bytes {
    return editGroup(config, 'Application', (group) => {
      const organisation = group.groups.get(name);
      if (organisation === undefined)
        throw new LedgerError('CONFIG_REFUSED', `There is no organisation ${name}`);
      return withGroup(group, name, withValue(organisation, KEY.anchorPeers, encodeAnchorPeers(peers)));
    });
  },
} as const;

function edit(config: Uint8Array, change: (channel: ConfigGroup) => ConfigGroup): Bytes {
  const { sequence, channelGroup } = decodeConfig(config);
  return encodeConfig({ sequence, channelGroup: change(channelGroup ?? EMPTY_GROUP) });
}

function editLevel(
  config: Uint8Array,
  level: ConfigLevel,
  change: (group: ConfigGroup) => ConfigGroup,
): Bytes {
  return level === 'channel' ? edit(config, change) : editGroup(config, SECTION[level], change);
}

function editGroup(config: Uint8Array, name: string, change: (group: ConfigGroup) => ConfigGroup): Bytes {
  return edit(config, (channel) => withGroup(channel, name, change(channel.groups.get(name) ?? EMPTY_GROUP)));
}

function mapOrganisations(
  channel: ConfigGroup,
  change: (organisation: ConfigGroup) => ConfigGroup,
): ConfigGroup {
  const groups = [...channel.groups].map(([name, section]): [string, ConfigGroup] => {
    const organisations = [...section.groups].map(([inner, organisation]): [string, ConfigGroup] => [
      inner,
      change(organisation),
    ]);
    return [name, { ...section, groups: new Map(organisations) }];
  });
  return { ...channel, groups: new Map(groups) };
}

function withGroup(group: ConfigGroup, name: string, inner: ConfigGroup | undefined): ConfigGroup {
  const groups = new Map(group.groups);
  if (inner === undefined) groups.delete(name);
  else groups.set(name, inner);
  return { ...group, groups };
}

function withValue(group: ConfigGroup, key: string, value: Uint8Array): ConfigGroup {
  const before = group.values.get(key) ?? { version: 0n, modPolicy: 'Admins' };
  return { ...group, values: new Map([...group.values, [key, { ...before, value }]]) };
}

function valueOf(group: ConfigGroup, key: string): Uint8Array {
  return group.values.get(key)?.value ?? new Uint8Array();
}
