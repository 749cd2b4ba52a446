import { HEADER_TYPE, type ChannelConfig } from '../config/index.ts';
import type { VerificationJob, Verifier } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import type { Identity } from '../msp/index.ts';
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
  const jobs = transactions
    .filter(({ syntaxCode }) => syntaxCode === ValidationCode.VALID)
    .flatMap((transaction) => jobsOf(config, transaction));
  const outcomes = await verifier.verifyAll(jobs);
  const known = new Map(jobs.map((job, i) => [job.signature, { job, outcome: outcomes[i] as boolean }]));
  return (identity, message, signature) => {
    const found = known.get(signature);
    const isSame =
      found !== undefined && found.job.message === message && found.job.publicKey === identity.publicKey;
    return isSame ? found.outcome : verifier.verify({ publicKey: identity.publicKey, message, signature });
  };
}

/**
 * The signatures that a valid block with the transaction in it makes every peer check. Each signature's bytes are an object
 * of their own, which is what the outcomes are found by.
 */
export function jobsOf(config: ChannelConfig, transaction: ParsedTransaction): VerificationJob[] {
  const { creator, payload, signature, action, type } = transaction;
  const jobs = [jobOf(config, creator, payload, signature)];
  if (type === HEADER_TYPE.endorserTransaction) {
    for (const endorsement of action?.endorsements ?? []) {
      jobs.push(jobOf(config, endorsement.endorser, endorsement.signed, endorsement.signature));
    }
  }
  return jobs.filter((job) => job !== undefined);
}

function jobOf(
  config: ChannelConfig,
  serialized: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): VerificationJob | undefined {
  const identity = deserialize(config, serialized);
  return identity === undefined ? undefined : { publicKey: identity.publicKey, message, signature };
}

/** A valid member of the channel who has signed the payload; today's date does not matter. */
export function isSignedByCreator(
  config: ChannelConfig,
  { creator, payload, signature }: ParsedTransaction,
  check: SignatureCheck,
): boolean {
  const identity = deserialize(config, creator);
  if (identity === undefined || signature.length === 0) return false;
  try {
    config.identities.validate(identity);
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
  return check(identity, payload, signature);
}

function deserialize(config: ChannelConfig, serialized: Uint8Array): Identity | undefined {
  try {
    return config.identities.deserialize(serialized);
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
