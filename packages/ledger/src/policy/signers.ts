import { LedgerError } from '../error.ts';
import type { Identity } from '../msp/index.ts';
import type { Policy, PolicyContext, SignedData } from './types.ts';

/**
 * The signers whose signatures hold, in order and without repetition. An identity that has signed already is not checked
 * again, so nobody can make a peer check one signature a thousand times.
 */
export function validSigners(context: PolicyContext, signed: readonly SignedData[]): Identity[] {
  const seen = new Map<string, Set<string>>();
  const signers: Identity[] = [];
  for (const { data, identity: serialized, signature } of signed) {
    const identity = deserialize(context, serialized);
    if (identity === undefined) continue;
    const { mspId, id } = identity;
    const ofMsp = seen.get(mspId) ?? new Set();
    if (ofMsp.has(id) || !context.check(identity, data, signature)) continue;
    seen.set(mspId, ofMsp.add(id));
    signers.push(identity);
  }
  return signers;
}

export function evaluateSignedData(
  context: PolicyContext,
  policy: Policy,
  signed: readonly SignedData[],
): boolean {
  return policy.satisfiedBy(validSigners(context, signed));
}

function deserialize(context: PolicyContext, serialized: Uint8Array): Identity | undefined {
  try {
    return context.identities.deserialize(serialized);
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
