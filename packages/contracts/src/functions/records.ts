import {
  CATEGORIES,
  RESTRICTED,
  mspId,
  personId,
  recordId,
  writeArguments,
  type Role,
} from '@healthchain/core';
import { z } from 'zod';
import type { DirectoryRow, IndexRow, SealedRef, VersionRow } from '../state/rows.ts';
import { command, query } from './define.ts';
import { EVERYONE, READERS_OF_LEDGER_FACTS, paging, type Page } from './shared.ts';

/** Versions of one record that `History` returns. */
export const MAX_HISTORY = 1_000;

const version = z.int().min(1);
const categories = z
  .array(z.enum([...CATEGORIES, RESTRICTED]))
  .min(1)
  .optional();
const type = z.string().regex(/^[A-Z][A-Za-z]{1,63}$/);

/** The roles of the write rows of the base policy, who may write by grant, and the administrator (directory only). */
const WRITERS: readonly Role[] = [
  'doctor',
  'nurse',
  'lab-technician',
  'pharmacist',
  'clerk',
  'claims-auditor',
  'patient',
  'family-member',
  'emergency-staff',
  'administrator',
];

export interface BodyResult {
  readonly version: VersionRow;
  /** base64. */
  readonly ciphertext: string;
}

export const recordsFunctions = {
  'records:Write': command<{ readonly operations: number; readonly at: string }>()({
    summary: 'Writes versions of records and directory entries, all or none.',
    roles: WRITERS,
    argument: writeArguments,
    transient:
      '`ciphertext/<i>` of put and amend, `directory/<i>` of directory, `sealed/<mspId>` of each custodian; <i> is the position',
    reads:
      'at most 4 keys for a record: circle, suspension, head, relation of its person (further persons: one each); without a relation, grants too',
    event: 'RecordsWritten',
    errors: [
      'RECORD_UNKNOWN',
      'RECORD_RETRACTED',
      'VERSION_CONFLICT',
      'SAME_RECORD_TWICE',
      'HEADER_MISMATCH',
      'PERSON_CHANGED',
      'LABELS_LOWERED',
      'NOT_THE_AUTHOR',
      'HASH_MISMATCH',
      'EPOCH_NOT_IN_FORCE',
      'INTAKE_KEY_NOT_OPEN',
      'SEALING_INCOMPLETE',
      'DEALING_NOT_POSSIBLE',
      'WRITE_REFUSED',
    ],
  }),
  'records:Get': query<VersionRow>()({
    summary: 'What the ledger shows of one version; without `version`: of the latest.',
    roles: READERS_OF_LEDGER_FACTS,
    argument: z.strictObject({ recordId, version: version.optional() }),
    reads: 'head, version',
    errors: ['RECORD_UNKNOWN', 'NOT_THE_PATIENT'],
  }),
  'records:Body': query<BodyResult>()({
    summary: 'One version with its ciphertext.',
    roles: READERS_OF_LEDGER_FACTS,
    argument: z.strictObject({ recordId, version }),
    reads: 'version, body',
    errors: ['RECORD_UNKNOWN', 'NOT_THE_PATIENT'],
  }),
  'records:Sealed': query<{ readonly sealed: readonly SealedRef[] }>()({
    summary: 'The sealed messages of one transaction: custodian, intake key and hash.',
    roles: ['server', 'regulator'],
    argument: z.strictObject({ transactionId: z.string().regex(/^[0-9a-f]{64}$/) }),
    reads: 'sealing of the transaction',
    errors: ['RECORD_UNKNOWN'],
  }),
  'records:History': query<{ readonly versions: readonly VersionRow[] }>()({
    summary: 'Every version of a record, oldest first.',
    roles: READERS_OF_LEDGER_FACTS,
    argument: z.strictObject({ recordId }),
    reads: 'versions of the record (range)',
    errors: ['RECORD_UNKNOWN', 'NOT_THE_PATIENT'],
  }),
  'records:ListByPerson': query<Page<IndexRow>>()({
    summary: 'The latest versions of a person’s records, each once, retracted ones included.',
    roles: READERS_OF_LEDGER_FACTS,
    argument: z.strictObject({ personId, categories, ...paging }),
    reads: 'index by category and person (pages)',
    errors: ['NOT_THE_PATIENT', 'BAD_BOOKMARK'],
  }),
  'records:ListByCategory': query<Page<IndexRow>>()({
    summary: 'The latest versions of all records of one category.',
    roles: ['server', 'regulator'],
    argument: z.strictObject({ category: z.enum([...CATEGORIES, RESTRICTED]), ...paging }),
    reads: 'index by category (page)',
    errors: ['BAD_BOOKMARK'],
  }),
  'records:GetDirectory': query<DirectoryRow>()({
    summary: 'A directory entry in clear; without `version`: the latest.',
    roles: EVERYONE,
    argument: z.strictObject({ type, recordId, version: version.optional() }),
    reads: 'directory',
    errors: ['RECORD_UNKNOWN'],
  }),
  'records:ListDirectory': query<Page<DirectoryRow>>()({
    summary: 'The latest versions of the directory entries of one type, deleted ones included.',
    roles: EVERYONE,
    argument: z.strictObject({ type, mspId: mspId.optional(), ...paging }),
    reads: 'directory (page)',
    errors: ['BAD_BOOKMARK'],
  }),
  'records:FindDirectory': query<{ readonly entries: readonly DirectoryRow[] }>()({
    summary:
      'The directory entries of one type that carry an identifier (`system|value`), first written first.',
    roles: EVERYONE,
    argument: z.strictObject({ type, identifier: z.string().min(1).max(512) }),
    reads: 'directory by identifier (range), directory',
    errors: [],
  }),
} as const;
