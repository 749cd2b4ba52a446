import { LedgerError } from '../error.ts';
import type { IdentityManager } from '../msp/index.ts';
import { WireReader } from '../wire/index.ts';
import { compileSignaturePolicy } from './signature-policy.ts';
import type { Policy, PolicyManager } from './types.ts';

/**
 * A peer.ApplicationPolicy message: a signature policy, or a reference to a policy of the channel. Undefined when it cannot be
 * used, which fails every transaction that it would have to judge.
 */
export function compileApplicationPolicy(
  bytes: Uint8Array,
  identities: IdentityManager,
  policies: PolicyManager,
): Policy | undefined {
  try {
    const type = decodeApplicationPolicy(bytes);
    if (type === undefined) return undefined;
    if (typeof type !== 'string') return compileSignaturePolicy(type, identities);
    return policies.has(type) ? policies.policy(type) : undefined;
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}

/** The SignaturePolicyEnvelope message or the path; of the two the last written counts. */
function decodeApplicationPolicy(bytes: Uint8Array): Uint8Array | string | undefined {
  let type: Uint8Array | string | undefined;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.wireType === 2) type = reader.bytes();
    else if (reader.field === 2 && reader.wireType === 2) type = reader.string();
    else reader.skip();
  }
  return type;
}
