import { EMERGENCY_REASONS, mspId, personId, sha256Hex } from '@healthchain/core';
import { z } from 'zod';
import { transactionId } from '../gate/question.ts';
import type { CheckpointRow, EmergencyRow, EpochRow, IntakeKeyRow } from '../state/rows.ts';
import { command, query } from './define.ts';
import { EVERYONE, READERS_OF_LEDGER_FACTS, identifier, paging, type Page } from './shared.ts';

/** An emergency lasts this long from its transaction's time (health.md section 8). */
export const EMERGENCY_HOURS = 4;
/** Different persons for whom one user may hold open emergencies at a time (custody.md section 4). */
export const MAX_OPEN_EMERGENCIES = 5;
/** Emergencies that one organisation may open within an hour. */
export const MAX_EMERGENCIES_PER_HOUR = 60;
/** Hashes of a consistency proof: enough for any log of up to 2^53 entries. */
export const MAX_PROOF_HASHES = 110;

const epoch = z.int().min(1);
const size = z.int().min(1);
const keyId = identifier;

export interface EpochState extends EpochRow {
  readonly approvals: readonly string[];
  /** Approvals needed: more than half of the active organisations. */
  readonly needed: number;
}

export const custodyFunctions = {
  'custody:ProposeEpoch': command<EpochState>()({
    summary:
      'Proposes the next custodians and k, and approves them for the own organisation; others may propose something else.',
    roles: ['administrator'],
    argument: z
      .strictObject({
        epoch,
        custodians: z
          .array(z.strictObject({ mspId, index: z.int().min(1).max(255) }))
          .min(1)
          .max(255),
        /** Absent: more than half, ⌊n/2⌋ + 1. */
        k: z.int().min(1).max(255).optional(),
      })
      .refine((args) => (args.k ?? 1) <= args.custodians.length, 'k exceeds the custodians')
      .refine(
        ({ custodians }) =>
          new Set(custodians.map((item) => item.mspId)).size === custodians.length &&
          new Set(custodians.map((item) => item.index)).size === custodians.length,
        'a custodian or an index twice',
      ),
    reads: 'epoch, proposal, its approvals (range), fixed indices of the custodians',
    event: 'EpochInForce',
    errors: [
      'EPOCH_EXISTS',
      'EPOCH_NOT_NEXT',
      'ALREADY_APPROVED',
      'CUSTODIAN_INDEX_FIXED',
      'ORGANISATION_UNKNOWN',
    ],
  }),
  'custody:ApproveEpoch': command<EpochState>()({
    summary:
      'Approves a proposed epoch for the own organisation; the majority puts it in force. `terms` names one of several proposals.',
    roles: ['administrator'],
    argument: z.strictObject({ epoch, terms: sha256Hex.optional() }),
    reads: 'proposals of the epoch (range), approvals (range), fixed indices of the custodians',
    event: 'EpochInForce',
    errors: [
      'EPOCH_UNKNOWN',
      'EPOCH_AMBIGUOUS',
      'EPOCH_NOT_NEXT',
      'ALREADY_APPROVED',
      'CUSTODIAN_INDEX_FIXED',
      'ORGANISATION_UNKNOWN',
    ],
  }),
  'custody:GetEpoch': query<EpochState>()({
    summary: 'An epoch that is or was in force; without `epoch`: the one in force.',
    roles: EVERYONE,
    argument: z.strictObject({ epoch: epoch.optional() }),
    reads: 'epoch, its approvals (range)',
    errors: ['EPOCH_UNKNOWN'],
  }),
  'custody:ListEpochProposals': query<Page<EpochState>>()({
    summary: 'What was proposed for an epoch, and who approved which proposal.',
    roles: EVERYONE,
    argument: z.strictObject({ epoch, ...paging }),
    reads: 'proposals of the epoch (page), their approvals (ranges)',
    errors: ['BAD_BOOKMARK'],
  }),
  'custody:OpenIntakeKey': command<IntakeKeyRow>()({
    summary:
      'Opens an intake key of the own custodian, under the id that its bytes have; at most two are not closed at a time.',
    roles: ['server'],
    argument: z.strictObject({
      keyId,
      publicKey: z.string().regex(/^[A-Za-z0-9_-]{1,4096}$/),
      suite: z.literal(1),
    }),
    reads: 'intake keys of the own organisation (range)',
    event: 'IntakeKeyChanged',
    errors: ['INTAKE_KEY_NOT_POSSIBLE', 'INTAKE_KEY_EXISTS', 'TOO_MANY_INTAKE_KEYS'],
  }),
  'custody:CloseIntakeKey': command<IntakeKeyRow>()({
    summary:
      'open → closing(H): nothing more is sealed to it. closing → closed: its private key is destroyed. A custodian keeps one open.',
    roles: ['server'],
    argument: z.discriminatedUnion('state', [
      z.strictObject({ state: z.literal('closing'), keyId, height: z.int().min(0) }),
      z.strictObject({ state: z.literal('closed'), keyId }),
    ]),
    reads: 'intake key',
    event: 'IntakeKeyChanged',
    errors: ['INTAKE_KEY_UNKNOWN', 'INTAKE_KEY_STATE', 'LAST_INTAKE_KEY'],
  }),
  'custody:GetIntakeKeys': query<{ readonly keys: readonly IntakeKeyRow[] }>()({
    summary: 'The keys that may be sealed to; with `mspId`: every key of that custodian.',
    roles: EVERYONE,
    argument: z.strictObject({ mspId: mspId.optional() }),
    reads: 'intake keys',
    errors: [],
  }),
  'custody:Checkpoint': command<CheckpointRow>()({
    summary:
      'States the own access log’s size and roots; the log must be an extension of its last checkpoint.',
    roles: ['server'],
    argument: z.strictObject({
      size,
      root: sha256Hex,
      mapRoot: sha256Hex,
      consistency: z.array(sha256Hex).max(MAX_PROOF_HASHES),
    }),
    reads: 'checkpoint of the own organisation',
    event: 'CheckpointWritten',
    errors: ['CHECKPOINT_NOT_CONSISTENT'],
  }),
  'custody:GetCheckpoint': query<CheckpointRow>()({
    summary: 'A checkpoint of an organisation’s access log; without `size`: the latest.',
    roles: EVERYONE,
    argument: z.strictObject({ mspId, size: size.optional() }),
    reads: 'checkpoint',
    errors: ['CHECKPOINT_UNKNOWN'],
  }),
  'custody:OpenEmergency': command<EmergencyRow>()({
    summary: 'Opens an emergency for one person, for a coded reason. Its id is the transaction’s.',
    roles: ['doctor', 'nurse', 'emergency-staff'],
    argument: z.strictObject({ personId, reason: z.enum(EMERGENCY_REASONS) }),
    reads: 'person, emergencies of the own organisation within the last hours (ranges)',
    event: 'EmergencyOpened',
    errors: ['PERSON_UNKNOWN', 'EMERGENCY_LIMIT'],
  }),
  'custody:ReviewEmergency': command<EmergencyRow>()({
    summary: 'Accepts or reports an emergency of the own organisation; at the authority the regulator does.',
    roles: ['privacy-officer', 'regulator'],
    argument: z.strictObject({ emergencyId: transactionId, outcome: z.enum(['accepted', 'reported']) }),
    reads: 'emergency',
    event: 'EmergencyReviewed',
    errors: ['EMERGENCY_UNKNOWN', 'EMERGENCY_REVIEWED', 'NOT_THE_REVIEWER'],
  }),
  'custody:GetEmergency': query<EmergencyRow>()({
    summary: 'One emergency. A privacy officer: of the own organisation; a patient: about the own person.',
    roles: [...READERS_OF_LEDGER_FACTS, 'privacy-officer'],
    argument: z.strictObject({ emergencyId: transactionId }),
    reads: 'emergency',
    errors: ['EMERGENCY_UNKNOWN', 'NOT_THE_PATIENT', 'NOT_THE_REVIEWER'],
  }),
  'custody:ListEmergencies': query<Page<EmergencyRow>>()({
    summary: 'The emergencies about a person, or the ones of an organisation that nobody has reviewed.',
    roles: [...READERS_OF_LEDGER_FACTS, 'privacy-officer'],
    argument: z.union([z.strictObject({ personId, ...paging }), z.strictObject({ mspId, ...paging })]),
    reads: 'emergencies (page)',
    errors: ['NOT_THE_PATIENT', 'NOT_THE_REVIEWER', 'BAD_BOOKMARK'],
  }),
} as const;
