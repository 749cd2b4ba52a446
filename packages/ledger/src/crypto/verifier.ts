import type { KeyObject } from 'node:crypto';

/** One signature to check. `publicKey` is imported once per certificate and shared. */
export interface VerificationJob {
  readonly publicKey: KeyObject;
  readonly message: Uint8Array;
  /** ASN.1 DER ECDSA over SHA-256; high-S is refused, as Fabric's BCCSP does. */
  readonly signature: Uint8Array;
}

/**
 * Decides signatures. Both calls give the same outcome for the same job; `verifyAll` may use other threads.
 * After `close` both keep working, in this thread.
 */
export interface Verifier {
  verify(job: VerificationJob): boolean;
  /** One outcome per job, in order. */
  verifyAll(jobs: readonly VerificationJob[]): Promise<boolean[]>;
  close(): Promise<void>;
}
