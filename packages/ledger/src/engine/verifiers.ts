import { createPoolVerifier, createVerifier, type Verifier } from '../crypto/index.ts';
import { coalescingVerifier } from './coalesce.ts';

export interface VerifierOptions {
  /** Threads that verify signatures beside the engine's own; 0 verifies in place. */
  readonly verifyThreads?: number;
  /** Peers and orderers of the process share outcomes of verifications (never of a signing). */
  readonly shareVerifications?: boolean;
}

/** One verifier with one cache for all where outcomes are shared; otherwise one for each node. */
export function verifiersFor(options: VerifierOptions) {
  const { verifyThreads = 0, shareVerifications = true } = options;
  const decider = verifyThreads > 0 ? createPoolVerifier({ threads: verifyThreads }) : createVerifier();
  const create = () => coalescingVerifier({ decider, isShared: shareVerifications });
  const shared = shareVerifications ? create() : undefined;
  const own = new Map<string, Verifier>();
  const verifierOf = (node: string) => {
    const verifier = shared ?? own.get(node) ?? create();
    own.set(node, verifier);
    return verifier;
  };
  return { verifierOf, verifiers: [decider] };
}
