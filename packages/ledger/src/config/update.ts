import { concat, equalBytes, type Bytes } from '@healthchain/core';
import { verifySignature } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { validSigners, type Policy, type SignatureCheck, type SignedData } from '../policy/index.ts';
import { WireReader, WireWriter } from '../wire/index.ts';
import { channelConfigFromEnvelope, mspIdOf, treeOf } from './channel-config.ts';
import { checkName, flatten, unflatten, type Element, type FlatConfig } from './flat.ts';
import {
  dataOfType,
  decodeConfigEnvelope,
  decodePair,
  decodeSignatureHeader,
  HEADER_TYPE,
} from './messages.ts';
import {
  decodeConfig,
  decodeGroup,
  EMPTY_GROUP,
  encodeConfig,
  encodeGroup,
  type ConfigGroup,
} from './tree.ts';
import type { ChannelConfig } from './types.ts';

/** How signatures of updates are checked; in this thread where nothing else is said. */
export interface ConfigOptions {
  readonly check?: SignatureCheck;
}

const checkHere: SignatureCheck = (identity, message, signature) =>
  verifySignature(identity.publicKey, message, signature);

/**
 * What an orderer does with a CONFIG_UPDATE envelope: authorises it, and gives the ConfigEnvelope to be wrapped into a CONFIG
 * transaction.
 * @throws LedgerError CONFIG_REFUSED; BAD_CONFIG when the result would not be usable
 */
export function proposeConfigUpdate(
  current: ChannelConfig,
  envelope: Uint8Array,
  options: ConfigOptions = {},
): Bytes {
  const channelGroup = authorisedGroup(current, envelope, options);
  const config = encodeConfig({ sequence: current.sequence + 1n, channelGroup });
  const configEnvelope = new WireWriter().present(1, config).present(2, envelope).finish();
  checkSuccession(current, channelConfigFromEnvelope(current.channelId, configEnvelope));
  return configEnvelope;
}

/**
 * What a peer demands of a CONFIG transaction: the next sequence, an update that the modification policies of `current` allow,
 * and the very configuration that this update leads to.
 * @throws LedgerError CONFIG_REFUSED, BAD_CONFIG
 */
export function applyConfigEnvelope(
  current: ChannelConfig,
  configEnvelope: Uint8Array,
  options: ConfigOptions = {},
): ChannelConfig {
  const { config, lastUpdate } = decoded(() => decodeConfigEnvelope(configEnvelope));
  const next = decoded(() => decodeConfig(config ?? new Uint8Array()));
  if (next.sequence !== current.sequence + 1n)
    throw refused(
      `config currently at sequence ${current.sequence}, cannot validate config at sequence ${next.sequence}`,
    );
  const expected = authorisedGroup(current, lastUpdate ?? new Uint8Array(), options);
  if (!equalBytes(encodeGroup(expected), encodeGroup(next.channelGroup ?? EMPTY_GROUP))) {
    throw refused('ConfigEnvelope LastUpdate did not produce the supplied config result');
  }
  const result = channelConfigFromEnvelope(current.channelId, configEnvelope);
  checkSuccession(current, result);
  return result;
}

interface Update {
  readonly channelId: string;
  readonly readSet: ConfigGroup | undefined;
  readonly writeSet: ConfigGroup | undefined;
}

function authorisedGroup(current: ChannelConfig, envelope: Uint8Array, options: ConfigOptions): ConfigGroup {
  const { update, signed } = decoded(() =>
    decodeUpdateEnvelope(dataOfType(envelope, HEADER_TYPE.configUpdate).data),
  );
  if (update.channelId !== current.channelId)
    throw refused(
      `ConfigUpdate for channel '${update.channelId}' but envelope for channel '${current.channelId}'`,
    );
  const existing = flatten(treeOf(current));
  const readSet = flatten(update.readSet);
  const writeSet = flatten(update.writeSet);
  checkReadSet(readSet, existing);
  const delta = new Map(
    [...writeSet].filter(([key, { node }]) => readSet.get(key)?.node.version !== node.version),
  );
  const signers = validSigners({ identities: current.identities, check: options.check ?? checkHere }, signed);
  checkDelta(delta, existing, (policy) => policy.satisfiedBy(signers), current);
  const proposed = new Map([...existing, ...delta]);
  for (const key of writeSet.keys()) {
    if (!proposed.has(key))
      throw refused(`writeset contained key ${key} which did not appear in proposed config`);
  }
  return unflatten(proposed);
}

function checkReadSet(readSet: FlatConfig, existing: FlatConfig): void {
  for (const [key, { node }] of readSet) {
    const current = existing.get(key)?.node.version;
    if (current === undefined)
      throw refused(
        `error validating ReadSet: existing config does not contain element for ${key} but was in the read set`,
      );
    if (current !== node.version)
      throw refused(
        `error validating ReadSet: proposed update requires that key ${key} be at version ${node.version}, but it is currently at version ${current}`,
      );
  }
}

function checkDelta(
  delta: FlatConfig,
  existing: FlatConfig,
  holds: (policy: Policy) => boolean,
  current: ChannelConfig,
): void {
  if (delta.size === 0)
    throw refused('error validating DeltaSet: delta set was empty -- update would have no effect');
  for (const [key, { node }] of delta) {
    checkModPolicy(key, node.modPolicy);
    const before = existing.get(key);
    if (before === undefined) {
      if (node.version !== 0n)
        throw refused(
          `error validating DeltaSet: attempted to set key ${key} to version ${node.version}, but key does not exist`,
        );
      continue;
    }
    if (node.version !== before.node.version + 1n)
      throw refused(
        `error validating DeltaSet: attempt to set key ${key} to version ${node.version}, but key is at version ${before.node.version}`,
      );
    const path = modPolicyPath(before);
    if (!current.policies.has(path))
      throw refused(`error validating DeltaSet: unexpected missing policy ${path} for item ${key}`);
    if (!holds(current.policies.policy(path)))
      throw refused(`error validating DeltaSet: policy for ${key} not satisfied: ${path}`);
  }
}

function checkModPolicy(key: string, modPolicy: string): void {
  if (modPolicy === '')
    throw refused(`error validating DeltaSet: invalid mod_policy for element ${key}: mod_policy not set`);
  for (const name of modPolicy.replace(/^\//, '').split('/')) checkName(name);
}

/** Relative policies are those of the group that holds the element, or of the group itself if it is one. */
function modPolicyPath({ kind, path, key, node }: Element): string {
  if (node.modPolicy.startsWith('/') || path.length === 0) return node.modPolicy;
  const group = kind === 'group' ? [...path, key] : path;
  return `/${[...group, node.modPolicy].join('/')}`;
}

/** What may not change from one configuration to the next, whoever signs it (channelconfig's ValidateNew). */
function checkSuccession(current: ChannelConfig, next: ChannelConfig): void {
  if (current.consensus.type !== next.consensus.type) throw refused('it changes the type of consensus');
  for (const section of ['Application', 'Orderer']) {
    const before = treeOf(current).groups.get(section);
    const after = treeOf(next).groups.get(section);
    if (before !== undefined && after === undefined) throw refused(`it removes the section ${section}`);
    for (const [name, organisation] of before?.groups ?? []) {
      const same = after?.groups.get(name);
      if (same !== undefined && mspIdOf(same) !== mspIdOf(organisation))
        throw refused(`it changes the MSP id of ${name}`);
    }
  }
}

/** common.ConfigUpdateEnvelope: each signature is over its header followed by the update. */
function decodeUpdateEnvelope(bytes: Uint8Array): { update: Update; signed: SignedData[] } {
  let update: Uint8Array = new Uint8Array();
  const signatures: Uint8Array[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 2 && reader.field === 1) update = reader.bytes();
    else if (reader.wireType === 2 && reader.field === 2) signatures.push(reader.bytes());
    else reader.skip();
  }
  const signed = signatures.map((bytes): SignedData => {
    const [header, signature] = decodePair(bytes);
    return { data: concat(header, update), identity: decodeSignatureHeader(header).creator, signature };
  });
  return { update: decodeUpdate(update), signed };
}

function decodeUpdate(bytes: Uint8Array): Update {
  let channelId = '';
  let readSet: ConfigGroup | undefined;
  let writeSet: ConfigGroup | undefined;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType !== 2) reader.skip();
    else if (reader.field === 1) channelId = reader.string();
    else if (reader.field === 2) readSet = decodeGroup(reader.bytes());
    else if (reader.field === 3) writeSet = decodeGroup(reader.bytes());
    else reader.skip();
  }
  return { channelId, readSet, writeSet };
}

function decoded<Result>(decode: () => Result): Result {
  try {
    return decode();
  } catch (cause) {
    throw new LedgerError('CONFIG_REFUSED', 'The configuration update cannot be decoded', { cause });
  }
}

/** In the words of Fabric's common/configtx, which operators know. */
function refused(why: string): LedgerError {
  return new LedgerError('CONFIG_REFUSED', `error authorizing update: ${why}`);
}
