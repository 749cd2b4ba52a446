import { concat, type Bytes } from '@healthchain/core';
import { compareKeys } from '../rwset/index.ts';
import { WireReader, WireWriter } from '../wire/index.ts';

/** common.ConfigValue */
export interface ConfigValue {
  readonly version: bigint;
  readonly value: Uint8Array;
  readonly modPolicy: string;
}

/** common.ConfigPolicy; `policy` is undefined when the message holds none. */
export interface ConfigPolicy {
  readonly version: bigint;
  readonly policy: { readonly type: number; readonly value: Uint8Array } | undefined;
  readonly modPolicy: string;
}

/** common.ConfigGroup */
export interface ConfigGroup {
  readonly version: bigint;
  readonly groups: ReadonlyMap<string, ConfigGroup>;
  readonly values: ReadonlyMap<string, ConfigValue>;
  readonly policies: ReadonlyMap<string, ConfigPolicy>;
  readonly modPolicy: string;
}

/** common.Config */
export interface Config {
  readonly sequence: bigint;
  readonly channelGroup: ConfigGroup | undefined;
}

export const EMPTY_GROUP: ConfigGroup = {
  version: 0n,
  groups: new Map(),
  values: new Map(),
  policies: new Map(),
  modPolicy: '',
};

const NOTHING = new Uint8Array();

/** @throws LedgerError MALFORMED */
export function decodeConfig(bytes: Uint8Array): Config {
  let sequence = 0n;
  let group: Uint8Array | undefined;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) sequence = reader.uint64();
    else if (reader.field === 2 && reader.wireType === 2) group = concat(group ?? NOTHING, reader.bytes());
    else reader.skip();
  }
  return { sequence, channelGroup: group === undefined ? undefined : decodeGroup(group) };
}

export function encodeConfig(config: Config): Bytes {
  const writer = new WireWriter().uint(1, config.sequence);
  if (config.channelGroup !== undefined) writer.present(2, encodeGroup(config.channelGroup));
  return writer.finish();
}

export function decodeGroup(bytes: Uint8Array): ConfigGroup {
  let version = 0n;
  let modPolicy = '';
  const groups = new Map<string, ConfigGroup>();
  const values = new Map<string, ConfigValue>();
  const policies = new Map<string, ConfigPolicy>();
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) version = reader.uint64();
    else if (reader.wireType !== 2) reader.skip();
    else if (reader.field === 2) addEntry(groups, reader.bytes(), decodeGroup);
    else if (reader.field === 3) addEntry(values, reader.bytes(), decodeValue);
    else if (reader.field === 4) addEntry(policies, reader.bytes(), decodePolicy);
    else if (reader.field === 5) modPolicy = reader.string();
    else reader.skip();
  }
  return { version, groups, values, policies, modPolicy };
}

/** With the entries of its maps in the order of their names, so that equal groups have equal bytes. */
export function encodeGroup(group: ConfigGroup): Bytes {
  const writer = new WireWriter().uint(1, group.version);
  writeEntries(writer, 2, group.groups, encodeGroup);
  writeEntries(writer, 3, group.values, encodeValue);
  writeEntries(writer, 4, group.policies, encodePolicy);
  return writer.string(5, group.modPolicy).finish();
}

/** The entries of a protobuf map from names to messages. */
export function decodeMap<Value>(
  bytes: Uint8Array,
  field: number,
  decode: (bytes: Uint8Array) => Value,
): Map<string, Value> {
  const map = new Map<string, Value>();
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === field && reader.wireType === 2) addEntry(map, reader.bytes(), decode);
    else reader.skip();
  }
  return map;
}

export function writeEntries<Value>(
  writer: WireWriter,
  field: number,
  map: ReadonlyMap<string, Value>,
  encode: (value: Value) => Uint8Array,
): void {
  for (const [name, value] of [...map].toSorted(([a], [b]) => compareKeys(a, b))) {
    writer.present(field, new WireWriter().string(1, name).present(2, encode(value)).finish());
  }
}

function addEntry<Value>(
  map: Map<string, Value>,
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => Value,
): void {
  let name = '';
  let value: Uint8Array = NOTHING;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) name = reader.string();
    else if (reader.field === 2 && reader.wireType === 2) value = reader.bytes();
    else reader.skip();
  }
  map.set(name, decode(value));
}

function decodeValue(bytes: Uint8Array): ConfigValue {
  let version = 0n;
  let value: Uint8Array = NOTHING;
  let modPolicy = '';
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) version = reader.uint64();
    else if (reader.wireType !== 2) reader.skip();
    else if (reader.field === 2) value = reader.bytes();
    else if (reader.field === 3) modPolicy = reader.string();
    else reader.skip();
  }
  return { version, value, modPolicy };
}

function encodeValue({ version, value, modPolicy }: ConfigValue): Bytes {
  return new WireWriter().uint(1, version).bytes(2, value).string(3, modPolicy).finish();
}

function decodePolicy(bytes: Uint8Array): ConfigPolicy {
  let version = 0n;
  let policy: Uint8Array | undefined;
  let modPolicy = '';
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) version = reader.uint64();
    else if (reader.wireType !== 2) reader.skip();
    else if (reader.field === 2) policy = concat(policy ?? NOTHING, reader.bytes());
    else if (reader.field === 3) modPolicy = reader.string();
    else reader.skip();
  }
  return { version, policy: policy === undefined ? undefined : decodeInnerPolicy(policy), modPolicy };
}

function decodeInnerPolicy(bytes: Uint8Array): { type: number; value: Uint8Array } {
  let type = 0;
  let value: Uint8Array = NOTHING;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) type = reader.int32();
    else if (reader.field === 2 && reader.wireType === 2) value = reader.bytes();
    else reader.skip();
  }
  return { type, value };
}

function encodePolicy({ version, policy, modPolicy }: ConfigPolicy): Bytes {
  const writer = new WireWriter().uint(1, version);
  if (policy !== undefined)
    writer.present(2, new WireWriter().uint(1, policy.type).bytes(2, policy.value).finish());
  return writer.string(3, modPolicy).finish();
}
