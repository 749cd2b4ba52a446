import type { VerificationJob, Verifier } from '../crypto/index.ts';

interface Waiting {
  readonly jobs: readonly VerificationJob[];
  readonly resolve: (outcomes: boolean[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Collects what is asked within one turn of the event loop into one batch: a batch costs a thread less than its jobs one by
 * one, and equal jobs of one batch are decided once where outcomes are shared.
 */
export function coalescingVerifier(verifier: Verifier): Verifier {
  let waiting: Waiting[] = [];
  const flush = () => {
    const batch = waiting;
    waiting = [];
    verifier.verifyAll(batch.flatMap(({ jobs }) => jobs)).then(
      (outcomes) => {
        let offset = 0;
        for (const { jobs, resolve } of batch) {
          resolve(outcomes.slice(offset, offset + jobs.length));
          offset += jobs.length;
        }
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
      },
    );
  };
  return {
    verify: (job) => verifier.verify(job),
    verifyAll: (jobs) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ jobs, resolve, reject });
      }),
    close: () => verifier.close(),
  };
}
