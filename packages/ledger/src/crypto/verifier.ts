import type { KeyObject } from 'node:crypto';
import { jobKey, type VerificationCache } from './cache.ts';
import { verifySignature } from './signature.ts';

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
  /** These will be asked for: a verifier that several nodes share may decide them while they wait for something else. */
  foresee?: (jobs: readonly VerificationJob[]) => void;
  close(): Promise<void>;
}

/** Decides jobs without a cache. */
export type DecideAll = (jobs: readonly VerificationJob[]) => Promise<boolean[]>;

export function createVerifier(options: { readonly cache?: VerificationCache } = {}): Verifier {
  return cachedVerifier(
    options.cache,
    (jobs) => Promise.resolve(jobs.map(decide)),
    () => Promise.resolve(),
  );
}

/** A verifier that asks `decideAll` only for what the cache does not hold. */
export function cachedVerifier(
  cache: VerificationCache | undefined,
  decideAll: DecideAll,
  close: () => Promise<void>,
): Verifier {
  if (cache === undefined) return { verify: decide, verifyAll: decideAll, close };
  return {
    verify: (job) => {
      const key = jobKey(job);
      const known = cache.get(key);
      if (known !== undefined) return known;
      const outcome = decide(job);
      cache.set(key, outcome);
      return outcome;
    },
    verifyAll: (jobs) => verifyMissing(cache, jobs, decideAll),
    close,
  };
}

async function verifyMissing(
  cache: VerificationCache,
  jobs: readonly VerificationJob[],
  decideAll: DecideAll,
): Promise<boolean[]> {
  const keys = jobs.map(jobKey);
  const outcomes = keys.map((key) => cache.get(key));
  const missing = new Map<string, VerificationJob>();
  for (const [i, job] of jobs.entries()) {
    if (outcomes[i] === undefined) missing.set(keys[i] as string, job);
  }
  const decided = await decideAll([...missing.values()]);
  const found = new Map([...missing.keys()].map((key, i) => [key, decided[i] as boolean]));
  for (const [key, outcome] of found) cache.set(key, outcome);
  return outcomes.map((outcome, i) => outcome ?? (found.get(keys[i] as string) as boolean));
}

export function decide(job: VerificationJob): boolean {
  return verifySignature(job.publicKey, job.message, job.signature);
}
