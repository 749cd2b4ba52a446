import {
  fromUtf8,
  labelledHash,
  sha256,
  toHex,
  utf8,
  type RecordOperation,
  type Role,
} from '@healthchain/core';
import { ContractError, type ContractErrorCode } from '../errors.ts';
import type { DirectoryRow } from '../state/rows.ts';
import { tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';

export type DirectoryOperation = Extract<RecordOperation, { readonly kind: 'directory' }>;

/** A directory entry is an organisation, a person at work, a place or a product; photos and papers are elsewhere. */
export const MAX_DIRECTORY_BYTES = 256 * 1024;

/** What stands in clear for every member of the channel for ever: nothing about persons but where they work. */
export const DIRECTORY_TYPES: readonly string[] = [
  'Organization',
  'Practitioner',
  'PractitionerRole',
  'Location',
  'HealthcareService',
  'Endpoint',
  'Medication',
  'Substance',
];

/** Staff describe their organisation; a patient, a relative or an ambulance does not. */
const DIRECTORY_WRITERS: readonly Role[] = [
  'doctor',
  'nurse',
  'lab-technician',
  'pharmacist',
  'clerk',
  'claims-auditor',
  'administrator',
];

/** Stores the next version of a directory entry, in clear for every member of the channel. */
export async function putDirectory(tx: Tx, operation: DirectoryOperation, position: number): Promise<void> {
  const { type, recordId, version, identifiers } = operation;
  if (!DIRECTORY_WRITERS.includes(tx.caller.role)) {
    refuse('WRITE_REFUSED', position, `the role ${tx.caller.role} writes no directory`);
  }
  if (!DIRECTORY_TYPES.includes(type)) refuse('WRITE_REFUSED', position, `the directory holds no ${type}`);
  const before = await tx.get(tables.directory, [type, recordId]);
  assertFollows(tx, before, operation, position);
  const row: DirectoryRow = {
    type,
    recordId,
    version,
    resource: resourceText(tx, operation, position),
    identifiers: operation.resourceHash === null ? [] : identifiers,
    author: { mspId: tx.caller.mspId, userId: tx.caller.userId },
    createdAt: before?.createdAt ?? tx.at,
    at: tx.at,
    transactionId: tx.id,
  };
  tx.put(tables.directory, [type, recordId], row);
  tx.put(tables.directoryVersion, [type, recordId, version], row);
  putPointers(tx, before, row);
}

/** `system|value` under a hash, so that a key has a fixed length; not a secret: the entry itself is in clear. */
export function identifierHash(identifier: string): string {
  return toHex(labelledHash('directory-identifier', utf8(identifier)));
}

function assertFollows(
  tx: Tx,
  before: DirectoryRow | undefined,
  { version, resourceHash }: DirectoryOperation,
  position: number,
): void {
  if (before !== undefined && before.author.mspId !== tx.caller.mspId) {
    refuse('NOT_THE_AUTHOR', position, 'only the author’s organisation changes an entry');
  }
  if (before !== undefined && before.resource === null) {
    refuse('RECORD_RETRACTED', position, 'the entry is deleted');
  }
  if (version !== (before?.version ?? 0) + 1) {
    refuse('VERSION_CONFLICT', position, `the next version is ${(before?.version ?? 0) + 1}`);
  }
  if (before === undefined && resourceHash === null) {
    refuse('RECORD_UNKNOWN', position, 'there is no such entry');
  }
}

function resourceText(tx: Tx, operation: DirectoryOperation, position: number): string | null {
  if (operation.resourceHash === null) return null;
  const bytes = tx.transient(`directory/${position}`);
  if (
    bytes === undefined ||
    bytes.length > MAX_DIRECTORY_BYTES ||
    toHex(sha256(bytes)) !== operation.resourceHash
  ) {
    return refuse('HASH_MISMATCH', position, 'the entry is not what the arguments name, or too large');
  }
  const text = fromUtf8(bytes);
  const { resourceType, id } = headOf(text);
  if (resourceType !== operation.type || id !== operation.recordId) {
    refuse('HEADER_MISMATCH', position, 'the entry is of another type or id');
  }
  return text;
}

function headOf(text: string): { readonly resourceType?: unknown; readonly id?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { resourceType?: unknown; id?: unknown };
  } catch {
    return {};
  }
}

function putPointers(tx: Tx, before: DirectoryRow | undefined, row: DirectoryRow): void {
  const { type, recordId, createdAt } = row;
  const hashes = new Set(row.identifiers.map(identifierHash));
  for (const hash of hashes) {
    tx.put(tables.directoryByIdentifier, [type, hash, recordId], { recordId, createdAt });
  }
  for (const hash of new Set(before?.identifiers.map(identifierHash))) {
    if (!hashes.has(hash)) tx.delete(tables.directoryByIdentifier, [type, hash, recordId]);
  }
}

function refuse(code: ContractErrorCode, position: number, text: string): never {
  throw new ContractError(code, `operation ${position}: ${text}`, { details: { position } });
}
