import { concat, equalBytes, type Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { WireWriter } from '../wire/index.ts';
import { encodePair } from './messages.ts';
import {
  decodeConfig,
  EMPTY_GROUP,
  encodeGroup,
  type ConfigGroup,
  type ConfigPolicy,
  type ConfigValue,
} from './tree.ts';

/** Changes of one kind of member: those that stay, those that are written, and whether any came or went. */
interface MemberChanges<Member> {
  readonly same: Map<string, Member>;
  readonly read: Map<string, Member>;
  readonly written: Map<string, Member>;
  readonly isMembershipChanged: boolean;
}

interface GroupChange {
  readonly read: ConfigGroup;
  readonly written: ConfigGroup;
  readonly isChanged: boolean;
}

/**
 * The smallest ConfigUpdate message that leads from one Config message to another, as configtxlator computes it.
 * @throws LedgerError CONFIG_REFUSED when there is no difference
 */
export function computeConfigUpdate(channelId: string, original: Uint8Array, updated: Uint8Array): Bytes {
  const change = groupChange(
    decodeConfig(original).channelGroup ?? EMPTY_GROUP,
    decodeConfig(updated).channelGroup ?? EMPTY_GROUP,
  );
  if (!change.isChanged) throw new LedgerError('CONFIG_REFUSED', 'The two configurations do not differ');
  return new WireWriter()
    .string(1, channelId)
    .present(2, encodeGroup(change.read))
    .present(3, encodeGroup(change.written))
    .finish();
}

export interface UpdateSigner {
  /** Serialized identity. */
  readonly identity: Uint8Array;
  readonly nonce: Uint8Array;
  /** Low-S DER ECDSA over SHA-256 of the message. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** A ConfigUpdateEnvelope message: the update with one signature per signer. */
export function signConfigUpdate(update: Uint8Array, signers: readonly UpdateSigner[]): Bytes {
  const writer = new WireWriter().bytes(1, update);
  for (const signer of signers) {
    const header = encodePair(signer.identity, signer.nonce);
    writer.present(2, encodePair(header, signer.sign(concat(header, update))));
  }
  return writer.finish();
}

function groupChange(original: ConfigGroup, updated: ConfigGroup): GroupChange {
  const values = memberChanges<ConfigValue>(original.values, updated.values, EMPTY_VALUE, (a, b) =>
    equalBytes(a.value, b.value),
  );
  const policies = memberChanges<ConfigPolicy>(original.policies, updated.policies, EMPTY_POLICY, samePolicy);
  const groups = subgroupChanges(original.groups, updated.groups);
  const kinds = [values, policies, groups];
  const isRemade =
    kinds.some(({ isMembershipChanged }) => isMembershipChanged) || original.modPolicy !== updated.modPolicy;
  const base = { ...EMPTY_GROUP, version: original.version };
  if (!isRemade && kinds.every(({ written }) => written.size === 0))
    return { read: base, written: base, isChanged: false };
  return {
    isChanged: true,
    read: {
      ...base,
      values: readOf(values, isRemade),
      policies: readOf(policies, isRemade),
      groups: readOf(groups, isRemade),
    },
    written: {
      version: isRemade ? original.version + 1n : original.version,
      modPolicy: isRemade ? updated.modPolicy : '',
      values: writtenOf(values, isRemade),
      policies: writtenOf(policies, isRemade),
      groups: writtenOf(groups, isRemade),
    },
  };
}

/** A group whose membership or policy changes is written anew, so what stays has to be listed on both sides. */
function readOf<Member>(changes: MemberChanges<Member>, isRemade: boolean): Map<string, Member> {
  return isRemade ? new Map([...changes.read, ...changes.same]) : changes.read;
}

function writtenOf<Member>(changes: MemberChanges<Member>, isRemade: boolean): Map<string, Member> {
  return isRemade ? new Map([...changes.written, ...changes.same]) : changes.written;
}

const EMPTY_VALUE: ConfigValue = { version: 0n, value: new Uint8Array(), modPolicy: '' };
const EMPTY_POLICY: ConfigPolicy = { version: 0n, policy: undefined, modPolicy: '' };

function memberChanges<Member extends { readonly version: bigint; readonly modPolicy: string }>(
  original: ReadonlyMap<string, Member>,
  updated: ReadonlyMap<string, Member>,
  empty: Member,
  isSame: (a: Member, b: Member) => boolean,
): MemberChanges<Member> {
  const same = new Map<string, Member>();
  const written = new Map<string, Member>();
  for (const [name, after] of updated) {
    const before = original.get(name);
    if (before === undefined) written.set(name, { ...after, version: 0n });
    else if (before.modPolicy === after.modPolicy && isSame(before, after))
      same.set(name, { ...empty, version: before.version });
    else written.set(name, { ...after, version: before.version + 1n });
  }
  return { same, read: new Map(), written, isMembershipChanged: isMembershipChanged(original, updated) };
}

function subgroupChanges(
  original: ReadonlyMap<string, ConfigGroup>,
  updated: ReadonlyMap<string, ConfigGroup>,
): MemberChanges<ConfigGroup> {
  const changes = {
    same: new Map<string, ConfigGroup>(),
    read: new Map<string, ConfigGroup>(),
    written: new Map<string, ConfigGroup>(),
  };
  for (const [name, after] of updated) {
    const before = original.get(name);
    const change = groupChange(before ?? EMPTY_GROUP, after);
    if (before === undefined) {
      changes.written.set(name, { ...change.written, version: 0n, modPolicy: after.modPolicy });
    } else if (change.isChanged) {
      changes.read.set(name, change.read);
      changes.written.set(name, change.written);
    } else {
      changes.same.set(name, change.read);
    }
  }
  return { ...changes, isMembershipChanged: isMembershipChanged(original, updated) };
}

function isMembershipChanged(
  original: ReadonlyMap<string, unknown>,
  updated: ReadonlyMap<string, unknown>,
): boolean {
  return original.size !== updated.size || [...original.keys()].some((name) => !updated.has(name));
}

function samePolicy(a: ConfigPolicy, b: ConfigPolicy): boolean {
  if (a.policy === undefined || b.policy === undefined) return a.policy === b.policy;
  return a.policy.type === b.policy.type && equalBytes(a.policy.value, b.policy.value);
}
