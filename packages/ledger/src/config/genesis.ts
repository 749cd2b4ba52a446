import { concat, sha256, toHex, type Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { encodeIdentityPrincipal, serializeIdentity, type NodeRole } from '../msp/index.ts';
import { nOutOfPrincipals, parsePolicy } from '../policy/index.ts';
import { WireWriter } from '../wire/index.ts';
import { encodePair, HEADER_TYPE } from './messages.ts';
import { encodeConfig, type ConfigGroup, type ConfigPolicy, type ConfigValue } from './tree.ts';
import type { Consenter, GenesisDefinition, GenesisOrganisation } from './types.ts';
import {
  encodeAddresses,
  encodeAnchorPeers,
  encodeBatchSize,
  encodeBatchTimeout,
  encodeCapabilities,
  encodeConsensusType,
  encodeConsenters,
  encodeDataHashing,
  encodeHashingAlgorithm,
  KEY,
} from './values.ts';

const ADMINS = 'Admins';
const SIGNATURE = 1;
const IMPLICIT_META = 3;
const RULE = { ANY: 0, ALL: 1, MAJORITY: 2 } as const;
const MESSAGE_VERSION = 1;
const METADATA_SLOTS = 5;
const DEFAULT_CAPABILITIES = { channel: 'V3_0', orderer: 'V2_0', application: 'V2_5' } as const;

const CHANNEL_POLICIES = {
  Readers: meta('ANY', 'Readers'),
  Writers: meta('ANY', 'Writers'),
  Admins: meta('MAJORITY', ADMINS),
};

const APPLICATION_POLICIES = {
  ...CHANNEL_POLICIES,
  Endorsement: meta('MAJORITY', 'Endorsement'),
  LifecycleEndorsement: meta('MAJORITY', 'Endorsement'),
};

/**
 * Who may do what in the name of an organisation. A peer reads but proposes nothing, and an orderer is nothing to the
 * application.
 */
const ROLES: Readonly<Record<'member' | 'authority', Readonly<Record<string, readonly NodeRole[]>>>> = {
  member: {
    Readers: ['admin', 'peer', 'client'],
    Writers: ['admin', 'client'],
    Admins: ['admin'],
    Endorsement: ['peer'],
  },
  authority: {
    Readers: ['admin', 'orderer', 'peer', 'client'],
    Writers: ['admin', 'orderer', 'client'],
    Admins: ['admin'],
    Endorsement: ['peer'],
  },
};

/**
 * Block 0 of an application channel as configtxgen makes it, for our own engine and for Fabric. The same definition, nonce and
 * timestamp give the same bytes.
 */
export function createGenesisBlock(
  definition: GenesisDefinition,
  options: { readonly timestamp: Date; readonly nonce: Uint8Array },
): Bytes {
  const configEnvelope = new WireWriter()
    .present(1, encodeConfig({ sequence: 0n, channelGroup: channelGroup(definition) }))
    .finish();
  const signatureHeader = encodePair(new Uint8Array(), options.nonce);
  const header = encodePair(channelHeader(definition.channelId, options), signatureHeader);
  const envelope = new WireWriter()
    .bytes(1, new WireWriter().present(1, header).bytes(2, configEnvelope).finish())
    .finish();
  return block(envelope);
}

export function organisationGroup(
  organisation: GenesisOrganisation,
  as: 'member' | 'authority',
): ConfigGroup {
  const policies = Object.entries(ROLES[as]).map(([name, roles]) => {
    const rule = `OR(${roles.map((role) => `'${organisation.mspId}.${role}'`).join(',')})`;
    return [name, { type: SIGNATURE, value: parsePolicy(rule) }] as const;
  });
  const values: [string, Uint8Array][] = [[KEY.msp, organisation.mspConfig]];
  const { anchorPeers = [], ordererEndpoints = [] } = organisation;
  if (as === 'member' && anchorPeers.length > 0)
    values.push([KEY.anchorPeers, encodeAnchorPeers(anchorPeers)]);
  if (as === 'authority') {
    if (ordererEndpoints.length === 0)
      throw new LedgerError('BAD_CONFIG', `Orderers of ${organisation.name} have no endpoints`);
    values.push([KEY.endpoints, encodeAddresses(ordererEndpoints)]);
  }
  return group({ policies: Object.fromEntries(policies), values });
}

/** A quorum of the consenters, each by its own certificate: what the header of a BFT block needs. */
export function bftBlockValidation(consenters: readonly Consenter[]): {
  readonly type: number;
  readonly value: Uint8Array;
} {
  const faulty = Math.floor((consenters.length - 1) / 3);
  const quorum = Math.ceil((consenters.length + faulty + 1) / 2);
  const principals = consenters.map(({ mspId, identity }) =>
    encodeIdentityPrincipal(serializeIdentity(mspId, identity)),
  );
  return { type: SIGNATURE, value: nOutOfPrincipals(quorum, principals) };
}

function channelGroup(definition: GenesisDefinition): ConfigGroup {
  const { channel } = definition.capabilities ?? DEFAULT_CAPABILITIES;
  return group({
    policies: CHANNEL_POLICIES,
    values: [
      [KEY.hashingAlgorithm, encodeHashingAlgorithm()],
      [KEY.dataHashing, encodeDataHashing()],
      [KEY.capabilities, encodeCapabilities([channel])],
    ],
    groups: { Orderer: ordererGroup(definition), Application: applicationGroup(definition) },
  });
}

function ordererGroup({
  consensus,
  batch,
  ordererOrganisations,
  capabilities = DEFAULT_CAPABILITIES,
}: GenesisDefinition): ConfigGroup {
  const consenters = consensus.type === 'BFT' ? consensus.consenters : [];
  const blockValidation = consensus.type === 'BFT' ? bftBlockValidation(consenters) : meta('ANY', 'Writers');
  const values: [string, Uint8Array][] = [
    [KEY.batchSize, encodeBatchSize(batch)],
    [KEY.batchTimeout, encodeBatchTimeout(batch.timeoutMs)],
    [KEY.channelRestrictions, new Uint8Array()],
    [KEY.capabilities, encodeCapabilities([capabilities.orderer])],
    [KEY.consensusType, encodeConsensusType(consensus.type, consensus.metadata)],
  ];
  if (consensus.type === 'BFT') values.push([KEY.orderers, encodeConsenters(consenters)]);
  return group({
    policies: { ...CHANNEL_POLICIES, BlockValidation: blockValidation },
    values,
    groups: Object.fromEntries(
      ordererOrganisations.map((organisation) => [
        organisation.name,
        organisationGroup(organisation, 'authority'),
      ]),
    ),
  });
}

function applicationGroup({
  organisations,
  capabilities = DEFAULT_CAPABILITIES,
}: GenesisDefinition): ConfigGroup {
  return group({
    policies: APPLICATION_POLICIES,
    values: [[KEY.capabilities, encodeCapabilities([capabilities.application])]],
    groups: Object.fromEntries(
      organisations.map((organisation) => [organisation.name, organisationGroup(organisation, 'member')]),
    ),
  });
}

/** A group at version 0, all of it under its own Admins. */
function group(parts: {
  readonly policies: Readonly<Record<string, NonNullable<ConfigPolicy['policy']>>>;
  readonly values: readonly (readonly [string, Uint8Array])[];
  readonly groups?: Readonly<Record<string, ConfigGroup>>;
}): ConfigGroup {
  const under = { version: 0n, modPolicy: ADMINS };
  return {
    ...under,
    groups: new Map(Object.entries(parts.groups ?? {})),
    values: new Map(parts.values.map(([key, value]): [string, ConfigValue] => [key, { ...under, value }])),
    policies: new Map(
      Object.entries(parts.policies).map(([name, policy]): [string, ConfigPolicy] => [
        name,
        { ...under, policy },
      ]),
    ),
  };
}

function meta(
  rule: keyof typeof RULE,
  subPolicy: string,
): { readonly type: number; readonly value: Uint8Array } {
  return { type: IMPLICIT_META, value: new WireWriter().string(1, subPolicy).uint(2, RULE[rule]).finish() };
}

function channelHeader(
  channelId: string,
  { timestamp, nonce }: { readonly timestamp: Date; readonly nonce: Uint8Array },
): Bytes {
  const milliseconds = timestamp.getTime();
  const time = new WireWriter()
    .uint(1, Math.floor(milliseconds / 1000))
    .uint(2, (milliseconds % 1000) * 1_000_000);
  return new WireWriter()
    .uint(1, HEADER_TYPE.config)
    .uint(2, MESSAGE_VERSION)
    .present(3, time.finish())
    .string(4, channelId)
    .string(5, toHex(sha256(nonce)))
    .finish();
}

/** Its metadata says that the last configuration is this block's own. */
function block(envelope: Uint8Array): Bytes {
  const header = new WireWriter().bytes(3, sha256(envelope)).finish();
  const lastConfig = new WireWriter().present(1, new Uint8Array()).finish();
  const slots = Array.from({ length: METADATA_SLOTS }, (): Uint8Array => new Uint8Array());
  slots[0] = new WireWriter().bytes(1, lastConfig).finish();
  const metadata = slots.map((slot) => new WireWriter().present(1, slot).finish());
  return new WireWriter()
    .present(1, header)
    .present(2, new WireWriter().present(1, envelope).finish())
    .present(3, concat(...metadata))
    .finish();
}
