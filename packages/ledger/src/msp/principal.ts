import type { Bytes } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { WireReader, WireWriter } from '../wire/index.ts';
import type { Principal } from './types.ts';

/** msp.MSPRole.MSPRoleType, by number. */
const ROLES = ['member', 'admin', 'client', 'peer', 'orderer'] as const;
const NOTHING = new Uint8Array();
const NOMINAL = 0;
const ANONYMOUS = 1;

/** msp.MSPPrincipal.Classification, by number. */
const CLASSES: readonly ((bytes: Uint8Array) => Principal)[] = [
  decodeRole,
  decodeUnit,
  decodeIdentity,
  decodeAnonymity,
  decodeCombined,
];

/** An MSPPrincipal message; what Fabric finds out only when the principal is evaluated becomes `unknown`. */
export function decodePrincipal(bytes: Uint8Array): Principal {
  const { number, body } = scalars(bytes, { number: 1, body: 2 });
  try {
    return CLASSES[number]?.(body) ?? { kind: 'unknown' };
  } catch (error) {
    if (error instanceof LedgerError) return { kind: 'unknown' };
    throw error;
  }
}

/** An MSPPrincipal of class ROLE. */
export function encodeRolePrincipal(mspId: string, role: (typeof ROLES)[number]): Bytes {
  const body = new WireWriter().string(1, mspId).uint(2, ROLES.indexOf(role)).finish();
  return new WireWriter().bytes(2, body).finish();
}

/** An MSPPrincipal of class IDENTITY. */
export function encodeIdentityPrincipal(serialized: Uint8Array): Bytes {
  return new WireWriter().uint(1, 2).bytes(2, serialized).finish();
}

function decodeRole(bytes: Uint8Array): Principal {
  const { number, text } = scalars(bytes, { text: 1, number: 2 });
  const role = ROLES[number];
  return role === undefined ? { kind: 'unknown' } : { kind: 'role', mspId: text, role };
}

function decodeUnit(bytes: Uint8Array): Principal {
  const { text, second, body } = scalars(bytes, { text: 1, second: 2, body: 3 });
  return { kind: 'unit', mspId: text, unit: second, certifiersIdentifier: body };
}

function decodeIdentity(bytes: Uint8Array): Principal {
  return { kind: 'identity', serialized: bytes };
}

function decodeAnonymity(bytes: Uint8Array): Principal {
  const { number } = scalars(bytes, { number: 1 });
  if (number !== NOMINAL && number !== ANONYMOUS) return { kind: 'unknown' };
  return { kind: 'anonymity', nominal: number === NOMINAL };
}

function decodeCombined(bytes: Uint8Array): Principal {
  const principals: Principal[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) principals.push(decodePrincipal(reader.bytes()));
    else reader.skip();
  }
  return principals.length === 0 ? { kind: 'unknown' } : { kind: 'combined', principals };
}

/** The fields of a message that holds at most one number, one byte string and two texts, by field number. */
function scalars(
  bytes: Uint8Array,
  fields: { text?: number; second?: number; number?: number; body?: number },
) {
  const found = { text: '', second: '', number: 0, body: NOTHING as Uint8Array };
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.wireType === 0 && reader.field === fields.number) found.number = reader.int32();
    else if (reader.wireType !== 2) reader.skip();
    else if (reader.field === fields.text) found.text = reader.string();
    else if (reader.field === fields.second) found.second = reader.string();
    else if (reader.field === fields.body) found.body = reader.bytes();
    else reader.skip();
  }
  return found;
}
