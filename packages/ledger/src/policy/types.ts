import type { Identity, IdentityManager } from '../msp/index.ts';

export interface SignedData {
  readonly data: Uint8Array;
  readonly identity: Uint8Array;
  readonly signature: Uint8Array;
}

/** Says whether one signature holds; the caller decides how (cached, batched, in this thread). */
export type SignatureCheck = (identity: Identity, message: Uint8Array, signature: Uint8Array) => boolean;

export interface Policy {
  /** The identities have been found valid signers, without repetition. */
  satisfiedBy(identities: readonly Identity[]): boolean;
}

/** Policies by path, as Fabric's policies.Manager: '/Channel/Application/Writers', or relative to the manager's group. */
export interface PolicyManager {
  /** A policy that nothing satisfies when there is none of that name. */
  policy(path: string): Policy;
  has(path: string): boolean;
}

/** What policies need to judge signatures. */
export interface PolicyContext {
  readonly identities: IdentityManager;
  readonly check: SignatureCheck;
}
