import { toHex } from './bytes.ts';

/** A random 128-bit number as 32 lower-case hexadecimal digits; never derived from anything (custody.md section 2). */
export type PersonId = string;
/** The same form, for a user of an organisation; stands in the certificate. */
export type UserId = string;
/** A UUID; the logical id of a record, unique in the consortium. */
export type RecordId = string;

export function randomPersonId(): PersonId {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}

export function randomUuid(): RecordId {
  return crypto.randomUUID();
}

export function isPersonId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}
