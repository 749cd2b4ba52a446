import {
  CATEGORIES,
  CONFIDENTIALITIES,
  PURPOSES,
  RESTRICTED,
  RIGHTS,
  ROLES,
  SENSITIVITIES,
  MAX_PERSONS_PER_RECORD,
  mspId,
  personId,
  recordId,
  userId,
} from '@healthchain/core';
import { z } from 'zod';

/** Items of one question to the gate. */
export const MAX_ITEMS = 1_000;

const signer = z.strictObject({ mspId, userId, role: z.enum(ROLES) });
export const transactionId = z.string().regex(/^[0-9a-f]{64}$/);

/** One version of a record, as the asker knows it: a custodian and the author's server know the true labels. */
const accessItem = z.strictObject({
  recordId: recordId.optional(),
  version: z.int().min(1).optional(),
  persons: z.array(personId).max(MAX_PERSONS_PER_RECORD),
  author: z.strictObject({ mspId, userId }),
  /** The resource type where known: some rows of the base policy cover only some types of a category. */
  type: z
    .string()
    .regex(/^[A-Z][A-Za-z]{1,63}$/)
    .optional(),
  categories: z.array(z.enum([...CATEGORIES, RESTRICTED])).min(1),
  confidentiality: z.enum(CONFIDENTIALITIES),
  sensitivities: z.array(z.enum(SENSITIVITIES)),
});
export type AccessItem = z.infer<typeof accessItem>;

/** May this user, in this role and for this purpose, exercise this right on these items, at the transaction's time? */
export const accessQuestion = z.strictObject({
  subject: signer,
  purpose: z.enum(PURPOSES),
  right: z.enum(RIGHTS),
  /** The emergency's transaction id; goes with purpose ETREAT, and only with it. */
  emergency: transactionId.optional(),
  items: z.array(accessItem).min(1).max(MAX_ITEMS),
});
export type AccessQuestion = z.infer<typeof accessQuestion>;

/** The ground of a permit. */
export const PERMIT_CODES = ['BASE_POLICY', 'GRANT', 'PATIENT', 'EMERGENCY', 'REBUILD'] as const;

/** The ground of a refusal, in the order in which the gate asks. */
export const REFUSAL_CODES = [
  'NOT_A_MEMBER',
  'ORGANISATION_SUSPENDED',
  'USER_SUSPENDED',
  'ROLE_NOT_OF_ORGANISATION',
  'CASE_REQUIRED',
  'STUDY_REQUIRED',
  'NO_IDENTIFIED_CONTENT',
  'PURPOSE_NOT_OF_ROLE',
  'EMERGENCY_REQUIRED',
  'EMERGENCY_NOT_APPLICABLE',
  'EMERGENCY_UNKNOWN',
  'EMERGENCY_NOT_OWN',
  'EMERGENCY_OTHER_PERSON',
  'EMERGENCY_OVER',
  'LABELS_UNKNOWN',
  'DENIED_BY_PATIENT',
  'VERY_RESTRICTED',
  'NO_RELATION',
  'NOT_GRANTED',
] as const;
export type AccessCode = (typeof PERMIT_CODES)[number] | (typeof REFUSAL_CODES)[number];

export interface AccessDecision {
  readonly permit: boolean;
  readonly code: AccessCode;
  /** The deciding node of the tree (permit or deny), or the emergency's transaction id. */
  readonly basis?: string;
}
