import { equalBytes, sha256, type Bytes } from '@healthchain/core';
import { WireReader, WireWriter } from '../wire/index.ts';

/** A structure as the lifecycle keeps it: one key for its type and the names of its fields, one key per field. */
export interface Structure {
  readonly datatype: string;
  /** Field values are lifecycle.StateData messages. */
  readonly fields: readonly (readonly [string, Uint8Array])[];
}

export const NAMESPACES = 'namespaces';
export const CHAINCODE_SOURCES = 'chaincode-sources';

type Get = (key: string) => Uint8Array | undefined;

export function metadataKey(space: string, name: string): string {
  return `${space}/metadata/${name}`;
}

export function fieldKey(space: string, name: string, field: string): string {
  return `${space}/fields/${name}/${field}`;
}

/** lifecycle.StateData: a oneof, so that a member is written even at its default value. */
export const stateData = {
  integer: (value: number): Bytes => new WireWriter().presentUint(1, value).finish(),
  bytes: (value: Uint8Array): Bytes => new WireWriter().present(2, value).finish(),
  text: (value: string): Bytes => new WireWriter().present(3, Buffer.from(value)).finish(),
} as const;

/** The member of a StateData message; all default when there is no message. @throws LedgerError MALFORMED */
export function readStateData(bytes: Uint8Array | undefined): {
  readonly integer: bigint;
  readonly bytes: Uint8Array;
  readonly text: string;
} {
  const data = { integer: 0n, bytes: new Uint8Array() as Uint8Array, text: '' };
  const reader = new WireReader(bytes ?? new Uint8Array());
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 0) data.integer = BigInt.asIntN(64, reader.uint64());
    else if (reader.field === 2 && reader.wireType === 2) data.bytes = reader.bytes();
    else if (reader.field === 3 && reader.wireType === 2) data.text = reader.string();
    else reader.skip();
  }
  return data;
}

/** lifecycle.StateMetadata @throws LedgerError MALFORMED */
export function readMetadata(bytes: Uint8Array): {
  readonly datatype: string;
  readonly fields: readonly string[];
} {
  let datatype = '';
  const fields: string[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) datatype = reader.string();
    else if (reader.field === 2 && reader.wireType === 2) fields.push(reader.string());
    else reader.skip();
  }
  return { datatype, fields };
}

/** All keys that a structure stands under, with their values. */
export function entriesOf(
  space: string,
  name: string,
  { datatype, fields }: Structure,
): [string, Uint8Array][] {
  return [
    [metadataKey(space, name), encodeMetadata(datatype, fields)],
    ...fields.map(([field, value]): [string, Uint8Array] => [fieldKey(space, name, field), value]),
  ];
}

/** Writes what differs from what is there, so that nobody writes a key without changing it. */
export function writeStructure(
  space: string,
  name: string,
  structure: Structure,
  get: Get,
  put: (key: string, value: Uint8Array) => void,
): void {
  const existing = get(metadataKey(space, name));
  const known = existing === undefined ? { datatype: '', fields: [] } : readMetadata(existing);
  const before = new Map(
    known.fields.map((field) => [fieldKey(space, name, field), get(fieldKey(space, name, field))]),
  );
  const isSameShape =
    known.datatype === structure.datatype && known.fields.length === structure.fields.length;
  for (const [key, value] of entriesOf(space, name, structure)) {
    if (key === metadataKey(space, name)) {
      if (!isSameShape) put(key, value);
    } else if (!equalBytes(before.get(key) ?? new Uint8Array(), value)) {
      put(key, value);
    }
  }
}

/** The names that differ from a structure known by the hashes of its values: its type, or some of its fields. */
export function mismatches(space: string, name: string, structure: Structure, hashOf: Get): string[] {
  const [metadata, ...fields] = entriesOf(space, name, structure).map(([key, value]) =>
    equalBytes(hashOf(key) ?? new Uint8Array(), sha256(value)),
  );
  if (metadata !== true) return [structure.datatype];
  return structure.fields.filter((_, i) => !fields[i]).map(([field]) => field);
}

function encodeMetadata(datatype: string, fields: Structure['fields']): Bytes {
  const writer = new WireWriter().string(1, datatype);
  for (const [field] of fields) writer.present(2, Buffer.from(field));
  return writer.finish();
}
