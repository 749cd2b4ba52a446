import { HEADER_TYPE, type ChannelConfig } from '../config/index.ts';
import type { VerificationJob, Verifier } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import type { Identity, IdentityManager } from '../msp/index.ts';
import type { SignatureCheck } from '../policy/index.ts';
import { ValidationCode } from './codes.ts';
import type { ParsedTransaction } from './types.ts';

/**
 * Decides the signatures of creators and endorsers of a whole block in one batch and gives a check that knows their outcomes; a
 * signature that was not foreseen is decided when it is asked for.
 */
export async function verifySignatures(
  config: ChannelConfig,
  transactions: readonly ParsedTransaction[],
  verifier: Verifier,
): Promise<SignatureCheck> {
  const jobs: VerificationJob[] = [];
  for (const transaction of transactions) {
    if (transaction.syntaxCode === ValidationCode.VALID) jobs.push(...jobsOf(config, transaction));
  }
  const outcomes = await verifier.verifyAll(jobs);
  const places = new Map<Uint8Array, number>();
  for (let i = 0; i < jobs.length; i++) places.set((jobs[i] as VerificationJob).signature, i);
  return ({ publicKey }, message, signature) => {
    const place = places.get(signature) ?? -1;
    const job = jobs[place];
    const isSame = job !== undefined && job.message === message && job.publicKey === publicKey;
    return isSame ? outcomes[place] === true : verifier.verify({ publicKey, message, signature });
  };
}

/** Of transactions by the configuration's identities, for the nodes that ask one after the other. */
const jobsOnce = new WeakMap<
  ParsedTransaction,
  { readonly identities: IdentityManager; readonly jobs: readonly VerificationJob[] }
>();

/**
 * The signatures that a valid block with the transaction in it makes every peer check. Each signature's bytes are an object
 * of their own, which is what the outcomes are found by.
 */
export function jobsOf(
  { identities }: ChannelConfig,
  transaction: ParsedTransaction,
): readonly VerificationJob[] {
  let known = jobsOnce.get(transaction);
  if (known?.identities !== identities) {
    known = { identities, jobs: listJobs(identities, transaction) };
    jobsOnce.set(transaction, known);
  }
  return known.jobs;
}

function listJobs(identities: IdentityManager, transaction: ParsedTransaction): VerificationJob[] {
  const { creator, payload, signature, action, type } = transaction;
  const jobs = [jobOf(identities, creator, payload, signature)];
  if (type === HEADER_TYPE.endorserTransaction) {
    for (const endorsement of action?.endorsements ?? []) {
      jobs.push(jobOf(identities, endorsement.endorser, endorsement.signed, endorsement.signature));
    }
  }
  return jobs.filter((job) => job !== undefined);
}

function jobOf(
  identities: IdentityManager,
  serialized: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): VerificationJob | undefined {
  const identity = deserialize(identities, serialized);
  return identity === undefined ? undefined : { publicKey: identity.publicKey, message, signature };
}

/** A valid member of the channel who has signed the payload; today's date does not matter. */
export function isSignedByCreator(
  { identities }: ChannelConfig,
  { creator, payload, signature }: ParsedTransaction,
  check: SignatureCheck,
): boolean {
  const identity = deserialize(identities, creator);
  if (identity === undefined || signature.length === 0) return false;
  try {
    identities.validate(identity);
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
  return check(identity, payload, signature);
}

function deserialize(identities: IdentityManager, serialized: Uint8Array): Identity | undefined {
  try {
    return identities.deserialize(serialized);
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
