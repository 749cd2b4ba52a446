import { LedgerError } from '../error.ts';
import type { Identity } from '../msp/index.ts';
import type { Policy, PolicyContext, SignedData } from './types.ts';

/**
 * The signers whose signatures hold, in order and without repetition. An identity that has signed already is not checked
 * again, so nobody can make a peer check one signature a thousand times.
 */
export function validSigners(context: PolicyContext, signed: readonly SignedData[]): Identity[] {
  const signers: Identity[] = [];
  for (const { data, identity: serialized, signature } of signed) {
    const identity = deserialize(context, serialized);
    if (identity === undefined || hasSigned(signers, identity)) continue;
    if (context.check(identity, data, signature)) signers.push(identity);
  }
  return signers;
}

/** As `evaluateSignedData` of one signer whose signature has been decided. */
export function isSatisfiedBySigner(policy: Policy, signer: Identity, holds: boolean): boolean {
  return policy.satisfiedBy(holds ? [signer] : []);
}

export function evaluateSignedData(
  context: PolicyContext,
  policy: Policy,
  signed: readonly SignedData[],
): boolean {
  return policy.satisfiedBy(validSigners(context, signed));
}

function hasSigned(signers: readonly Identity[], { mspId, id }: Identity): boolean {
  return signers.some((signer) => signer.id === id && signer.mspId === mspId);
}

function deserialize(context: PolicyContext, serialized: Uint8Array): Identity | undefined {
  try {
    return context.identities.deserialize(serialized);
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
