import { equalBytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { createIdentityManager, decodeMspConfig } from '../msp/index.ts';
import { createPolicyManager, type Policy, type PolicyGroup, type PolicyManager } from '../policy/index.ts';
import { resourcePolicy } from './acl.ts';
import { dataOfType, decodeBlockParts, decodeConfigEnvelope, HEADER_TYPE } from './messages.ts';
import { decodeConfig, EMPTY_GROUP, type Config, type ConfigGroup } from './tree.ts';
import type { ChannelConfig } from './types.ts';
import {
  checkHashing,
  decodeAcls,
  decodeAddresses,
  decodeAnchorPeers,
  decodeBatch,
  decodeCapabilities,
  decodeConsensusType,
  decodeConsenters,
  KEY,
} from './values.ts';

/** A configuration with its tree, which updates are computed and judged on. */
export interface DecodedConfig extends ChannelConfig {
  readonly tree: ConfigGroup;
}

const CHANNEL_ID = /^[a-z][a-z0-9.-]{0,248}$/;
const ROOT = 'Channel';

/** What this program can do; a capability beyond it means that it must not go on (Fabric stops likewise). */
const SUPPORTED = {
  channel: ['V1_1', 'V1_3', 'V1_4_2', 'V1_4_3', 'V2_0', 'V3_0'],
  orderer: ['V1_1', 'V1_4_2', 'V2_0'],
  application: ['V1_1', 'V1_2', 'V1_3', 'V1_4_2', 'V2_0', 'V2_5'],
} as const;
/** One of these has to be there: what comes before has rules of membership and validation that are not built. */
const NEEDED = {
  channel: ['V1_4_3', 'V2_0', 'V3_0'],
  orderer: ['V2_0'],
  application: ['V2_0', 'V2_5'],
} as const;

/** @throws LedgerError BAD_CONFIG */
export function channelConfigFromBlock(block: Uint8Array): DecodedConfig {
  return whole(() => {
    const [envelope] = decodeBlockParts(block).data;
    if (envelope === undefined) throw bad('the block is empty');
    const { channelId, data } = dataOfType(envelope, HEADER_TYPE.config);
    return decodeChannelConfig(channelId, data);
  });
}

/** @throws LedgerError BAD_CONFIG */
export function channelConfigFromEnvelope(channelId: string, configEnvelope: Uint8Array): DecodedConfig {
  return whole(() => decodeChannelConfig(channelId, configEnvelope));
}

/** The same object whoever hands it out: what this module makes carries its tree. */
export function treeOf(config: ChannelConfig): ConfigGroup {
  return (config as DecodedConfig).tree;
}

function whole(make: () => DecodedConfig): DecodedConfig {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof LedgerError && cause.code === 'BAD_CONFIG') throw cause;
    throw new LedgerError('BAD_CONFIG', 'The channel configuration cannot be decoded', { cause });
  }
}

function decodeChannelConfig(channelId: string, envelope: Uint8Array): DecodedConfig {
  if (!CHANNEL_ID.test(channelId)) throw bad(`${JSON.stringify(channelId)} is no name of a channel`);
  const config = decodeConfig(decodeConfigEnvelope(envelope).config ?? new Uint8Array());
  const channel = checkedGroup(config);
  const { Application: application = EMPTY_GROUP, Orderer: ordering = EMPTY_GROUP } = Object.fromEntries(
    channel.groups,
  );
  const capabilities = {
    channel: supported('channel', channel),
    orderer: supported('orderer', ordering),
    application: supported('application', application),
  };
  const identities = createIdentityManager(mspConfigs([application, ordering]), {
    ed25519: capabilities.channel.has('V3_0'),
  });
  const policies = createPolicyManager(ROOT, policyGroup(channel), identities);
  return {
    channelId,
    sequence: config.sequence,
    envelope,
    identities,
    policies,
    capabilities,
    ...decodeOrdering(ordering, capabilities.channel.has('V3_0')),
    ...decodeApplication(application, policies),
    tree: channel,
  };
}

function checkedGroup({ channelGroup }: Config): ConfigGroup {
  if (channelGroup === undefined) throw bad('it has no channel group');
  for (const name of channelGroup.groups.keys()) {
    if (name !== 'Application' && name !== 'Orderer') throw bad(`the group ${name} is not supported`);
  }
  checkHashing(value(channelGroup, KEY.hashingAlgorithm), value(channelGroup, KEY.dataHashing));
  return channelGroup;
}

function supported(level: keyof typeof SUPPORTED, group: ConfigGroup): ReadonlySet<string> {
  const names = decodeCapabilities(group.values.get(KEY.capabilities)?.value);
  const known: readonly string[] = SUPPORTED[level];
  for (const name of names) {
    if (!known.includes(name)) throw bad(`the ${level} capability ${name} is not supported`);
  }
  if (!NEEDED[level].some((name) => names.has(name)))
    throw bad(`one of the ${level} capabilities ${NEEDED[level].join(', ')} is needed`);
  return names;
}

/** One configuration per MSP; the same organisation may stand in both groups if it says the same in both. */
function mspConfigs(groups: readonly ConfigGroup[]): Uint8Array[] {
  const configs = new Map<string, Uint8Array>();
  for (const [name, organisation] of groups.flatMap((group) => [...group.groups])) {
    if (organisation.groups.size > 0) throw bad(`the organisation ${name} has groups of its own`);
    const config = value(organisation, KEY.msp);
    const mspId = decodeMspConfig(config).getName();
    if (mspId === '') throw bad(`the organisation ${name} has no MSP id`);
    if (!equalBytes(configs.get(mspId) ?? config, config)) throw bad(`two different definitions of ${mspId}`);
    configs.set(mspId, config);
  }
  return [...configs.values()];
}

function decodeOrdering(group: ConfigGroup, ownEndpoints: boolean) {
  const endpoints = [...group.groups.values()].flatMap((organisation) => {
    const mspId = mspIdOf(organisation);
    const addresses = decodeAddresses(organisation.values.get(KEY.endpoints)?.value);
    if (ownEndpoints && addresses.length === 0) throw bad(`the orderers of ${mspId} have no endpoints`);
    return addresses.map((address) => ({ mspId, address }));
  });
  return {
    consensus: decodeConsensusType(value(group, KEY.consensusType)),
    consenters: decodeConsenters(group.values.get(KEY.orderers)?.value),
    batch: decodeBatch(value(group, KEY.batchSize), value(group, KEY.batchTimeout)),
    ordererMspIds: [...group.groups.values()].map(mspIdOf),
    ordererEndpoints: endpoints,
  };
}

function decodeApplication(group: ConfigGroup, policies: PolicyManager) {
  const acls = decodeAcls(group.values.get(KEY.acls)?.value);
  return {
    organisations: [...group.groups].map(([name, organisation]) => ({
      name,
      mspId: mspIdOf(organisation),
      anchorPeers: decodeAnchorPeers(organisation.values.get(KEY.anchorPeers)?.value),
    })),
    aclPolicy: (resource: string): Policy | undefined => {
      const path = resourcePolicy(acls, resource);
      return path === undefined ? undefined : policies.policy(path);
    },
  };
}

export function mspIdOf(organisation: ConfigGroup): string {
  return decodeMspConfig(value(organisation, KEY.msp)).getName();
}

function policyGroup(group: ConfigGroup): PolicyGroup {
  return {
    groups: new Map([...group.groups].map(([name, inner]) => [name, policyGroup(inner)])),
    policies: new Map([...group.policies].map(([name, { policy }]) => [name, policy])),
  };
}

function value(group: ConfigGroup, key: string): Uint8Array {
  return group.values.get(key)?.value ?? new Uint8Array();
}

function bad(what: string): LedgerError {
  return new LedgerError('BAD_CONFIG', `The channel configuration is refused: ${what}`);
}
