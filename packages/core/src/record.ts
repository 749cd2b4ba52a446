import { z } from 'zod';
import { CATEGORIES, CONFIDENTIALITIES, RESTRICTED, SENSITIVITIES } from './vocabulary.ts';

/** Entries of one transaction bundle, and so operations of one ledger transaction (health.md section 5). */
export const MAX_OPERATIONS = 5_000;
/** Persons that one record may concern (Group, List, Appointment …). */
export const MAX_PERSONS_PER_RECORD = 100;
/** A larger ciphertext needs an encrypted blob outside the ledger (custody.md section 2). */
export const MAX_CIPHERTEXT_BYTES = 64 * 1024;

const sortedUnique = (values: readonly string[]): boolean =>
  values.every((value, i) => i === 0 || (values[i - 1] as string) < value);

export const personId = z.string().regex(/^[0-9a-f]{32}$/);
export const userId = z.string().regex(/^[0-9a-f]{32}$/);
export const recordId = z.uuid().regex(/^[0-9a-f-]{36}$/);
export const mspId = z.string().regex(/^[A-Za-z][A-Za-z0-9.-]{0,63}$/);
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
export const day = z.iso.date();

/**
 * What every member of a channel sees of one version of a record, and what authenticates its ciphertext (custody.md section 2).
 * `persons` and `categories` are sorted; `persons` is empty for a record of no person; `categories` is `['restricted']` for
 * everything above N. `author.userId` is the person who signed the transaction; `day` is the UTC day of the transaction.
 */
export const recordHeader = z.strictObject({
  label: z.literal('healthchain/v1/record'),
  suite: z.literal(1),
  channel: z.string().regex(/^[a-z][a-z0-9.-]{0,248}$/),
  recordId,
  version: z.int().min(1),
  persons: z
    .array(personId)
    .max(MAX_PERSONS_PER_RECORD)
    .refine(sortedUnique, 'must be sorted, without repeats'),
  categories: z
    .array(z.enum([...CATEGORIES, RESTRICTED]))
    .min(1)
    .refine(sortedUnique, 'must be sorted, without repeats')
    .refine((list) => !list.includes(RESTRICTED) || list.length === 1, 'restricted stands alone'),
  author: z.strictObject({ mspId, userId }),
  day,
});
export type RecordHeader = z.infer<typeof recordHeader>;

/** The true categories and labels: known to author, custodians and readers, never on the ledger for what is above N. */
export const recordLabels = z
  .strictObject({
    categories: z.array(z.enum(CATEGORIES)).min(1).refine(sortedUnique, 'must be sorted, without repeats'),
    confidentiality: z.enum(CONFIDENTIALITIES),
    sensitivities: z.array(z.enum(SENSITIVITIES)).refine(sortedUnique, 'must be sorted, without repeats'),
  })
  .refine(
    (labels) => labels.confidentiality !== 'R' || labels.sensitivities.length > 0,
    'an R record carries a sensitivity',
  );
export type RecordLabels = z.infer<typeof recordLabels>;

const contentHashes = {
  ciphertextHash: sha256Hex,
  ciphertextSize: z.int().min(1).max(MAX_CIPHERTEXT_BYTES),
  commitment: sha256Hex,
  /** One for each custodian of the epoch, in the epoch's order. */
  shareHashes: z.array(sha256Hex).min(1),
};

/** `relation`: the record is an Encounter, an Appointment or an order (the type itself is inside the ciphertext). */
const contentOperation = (kind: 'put' | 'amend') =>
  z.strictObject({ kind: z.literal(kind), header: recordHeader, relation: z.boolean(), ...contentHashes });

/** The transient map carries `ciphertext/<index of the operation>` for put and amend, `directory/<index>` for directory. */
export const recordOperation = z.discriminatedUnion('kind', [
  contentOperation('put'),
  contentOperation('amend'),
  z.strictObject({ kind: z.literal('retract'), header: recordHeader }),
  z.strictObject({
    kind: z.literal('directory'),
    recordId,
    version: z.int().min(1),
    type: z.string().regex(/^[A-Z][A-Za-z]{1,63}$/),
    identifiers: z.array(z.string().max(512)).max(50),
    resourceHash: sha256Hex.nullable(),
  }),
]);
export type RecordOperation = z.infer<typeof recordOperation>;

/** `sealed` lists, for each custodian of the epoch, the hash of the transient value `sealed/<mspId>`. */
export const writeArguments = z.strictObject({
  operations: z.array(recordOperation).min(1).max(MAX_OPERATIONS),
  epoch: z.int().min(0),
  dealing: z.enum(['author', 'redealt']),
  sealed: z.array(z.strictObject({ mspId, intakeKeyId: z.string().max(64), hash: sha256Hex })),
});
export type WriteArguments = z.infer<typeof writeArguments>;
