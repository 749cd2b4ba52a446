import {
  canonical,
  concat,
  fromHex,
  labelled,
  leafHash,
  mspId,
  personId,
  PURPOSES,
  recordId,
  ROLES,
  sha256Hex,
  userId,
  utf8,
  type Bytes,
} from '@healthchain/core';
import { z } from 'zod';
import { CustodyError } from '../errors.ts';

/**
 * - `released`: shares were handed out · `refused`: the gate said no · `rebuild`: shares handed to the author's own server
 * - `stated`: a read at the author's own organisation, stated by it alone · `match`: a search for the person by identifiers
 * - `log-read`: somebody read this log · `summary`: how many requests beyond the limits were refused unread
 */
export const ENTRY_KINDS = [
  'released',
  'refused',
  'rebuild',
  'stated',
  'match',
  'log-read',
  'summary',
] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** Entries of one patient that one answer carries. */
export const MAX_ENTRIES_OF_PERSON = 100_000;

/** The log of accesses to records that concern no person. */
export const NO_PERSON = '0'.repeat(32);

const entryRecord = z.strictObject({
  recordId,
  version: z.int().min(1),
  /** Custody epoch of the share that was released. */
  epoch: z.int().min(0).optional(),
  /** Code of the gate's deciding rule. */
  code: z.string().max(64).optional(),
  /** Grant or emergency that the decision rests on. */
  basis: z.string().max(128).optional(),
});
export type EntryRecord = z.infer<typeof entryRecord>;

/** One access to one patient's records, as one custodian wrote it. Members that do not apply are absent. */
const logEntry = z.strictObject({
  channel: z.string().min(1).max(249),
  custodian: mspId,
  /** Index of the leaf in the custodian's log. */
  sequence: z.int().min(0),
  person: personId,
  /** Running number of the patient in this log, from 1. */
  number: z.int().min(1),
  /** Leaf hash of the patient's previous entry; null for the first. */
  previous: sha256Hex.nullable(),
  /** By the custodian's own clock. */
  time: z.iso.datetime({ precision: 3 }),
  kind: z.enum(ENTRY_KINDS),
  /** Joins the entries of several custodians about one access. */
  requestId: z.uuid(),
  requestHash: sha256Hex.optional(),
  subject: z.strictObject({ mspId, userId: userId.optional(), role: z.enum(ROLES).optional() }),
  purpose: z.enum(PURPOSES).optional(),
  emergency: z.string().max(128).optional(),
  /** What the person did (`read`, `search-type`, `everything`). */
  interaction: z.string().max(64).optional(),
  assurance: z.enum(['server-key', 'device-key']).optional(),
  records: z.array(entryRecord).max(5_000),
  /** Of an access that names no record: the gate's deciding rule, and what it rests on. */
  code: z.string().max(64).optional(),
  basis: z.string().max(128).optional(),
  /** Block on which the decision was taken, or a later one. */
  height: z.int().min(0).optional(),
  /** Of a summary: requests refused, and since when. */
  count: z.int().min(1).optional(),
  since: z.iso.datetime({ precision: 3 }).optional(),
});
export type LogEntry = z.infer<typeof logEntry>;

/** What the writer of an entry says; the log adds the rest. */
export type EntryDraft = Omit<
  LogEntry,
  'channel' | 'custodian' | 'sequence' | 'number' | 'previous' | 'time'
>;

/** An entry with what proves it. A reader keeps it: its absence from a later log is proof of misbehaviour. */
export interface SignedEntry {
  /** Canonical JSON of the LogEntry. */
  readonly text: string;
  /** The 32 random bytes that hide the entry behind its leaf hash, hex. */
  readonly random: string;
  /** By the custodian's server key over `entryMessage`, base64 DER. */
  readonly signature: string;
}

/** Leaf of the log: the labelled entry, then 32 random bytes (custody.md section 5). */
export function entryLeaf(text: string, random: Uint8Array): Bytes {
  return concat(labelled('log-entry', utf8(text)), random);
}

export function entryLeafHash(entry: { readonly text: string; readonly random: string }): Bytes {
  return leafHash(entryLeaf(entry.text, fromHex(entry.random)));
}

/** What the custodian's key signs for an entry. */
export function entryMessage(hash: Uint8Array): Bytes {
  return labelled('signed-log-entry', hash);
}

/** @throws CustodyError MALFORMED unless the text is the canonical form of an entry */
export function parseEntry(text: string): LogEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CustodyError('MALFORMED', 'The log entry is not JSON', { cause });
  }
  const parsed = logEntry.safeParse(value);
  if (!parsed.success || canonical(parsed.data) !== text) {
    throw new CustodyError('MALFORMED', 'The log entry breaks its format', { cause: parsed.error });
  }
  return parsed.data;
}
