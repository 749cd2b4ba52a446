import { createVerifier, VerificationCache, type VerificationJob, type Verifier } from '../crypto/index.ts';

/** Messages up to this size are known again by content; longer ones, which the nodes hand on by reference, by reference. */
const SMALL_MESSAGE_BYTES = 512;

interface Waiting {
  readonly jobs: readonly VerificationJob[];
  readonly resolve: (outcomes: boolean[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Collects what one callback of the event loop asks into one batch: a batch costs a thread less than its jobs one by
 * one. Equal jobs are decided once: who shares one of these shares outcomes.
 */
export function coalescingVerifier(options: {
  /** Decides what is not known yet; stays the caller's to close. */
  readonly decider: Verifier;
  /** Several nodes use this one, so that what one foresees another will ask for. */
  readonly isShared: boolean;
}): Verifier {
  const small = createVerifier({ cache: new VerificationCache() });
  const large = options.decider;
  const memory = new ReferenceMemory();
  /** Batches that are being decided, by the signatures in them. */
  const deciding = new Map<Uint8Array, Promise<void>>();
  let waiting: Waiting[] = [];

  const decideBatch = async (jobs: readonly VerificationJob[]): Promise<void> => {
    const outcomes = await large.verifyAll(jobs);
    for (let i = 0; i < jobs.length; i++) memory.set(jobs[i] as VerificationJob, outcomes[i] === true);
  };
  const decide = async (jobs: readonly VerificationJob[]): Promise<void> => {
    const missing = new Map<Uint8Array, VerificationJob>();
    const begun = new Set<Promise<void>>();
    for (const job of jobs) {
      if (isSmall(job) || memory.get(job) !== undefined) continue;
      const batch = deciding.get(job.signature);
      if (batch === undefined) missing.set(job.signature, job);
      else begun.add(batch);
    }
    const batch = decideBatch([...missing.values()]);
    for (const signature of missing.keys()) deciding.set(signature, batch);
    try {
      await Promise.all([batch, ...begun]);
    } finally {
      for (const signature of missing.keys()) deciding.delete(signature);
    }
  };
  const outcomeOf = (job: VerificationJob) => {
    if (isSmall(job)) return small.verify(job);
    return memory.get(job) ?? remember(job, large.verify(job));
  };
  const remember = (job: VerificationJob, outcome: boolean) => {
    memory.set(job, outcome);
    return outcome;
  };
  const flush = () => {
    const batch = waiting;
    waiting = [];
    decide(batch.flatMap(({ jobs }) => jobs)).then(
      () => {
        for (const { jobs, resolve } of batch) resolve(jobs.map(outcomeOf));
      },
      (error: unknown) => {
        for (const { reject } of batch) reject(error);
      },
    );
  };
  const verifyAll = (jobs: readonly VerificationJob[]): Promise<boolean[]> => {
    const isKnown = jobs.every((job) => isSmall(job) || memory.get(job) !== undefined);
    if (isKnown) return Promise.resolve(jobs.map(outcomeOf));
    return new Promise((resolve, reject) => {
      if (waiting.length === 0) process.nextTick(flush);
      waiting.push({ jobs, resolve, reject });
    });
  };
  return {
    verify: outcomeOf,
    verifyAll,
    foresee(jobs) {
      // Who asks later asks again and is told of any failure.
      if (options.isShared) verifyAll(jobs).catch(() => undefined);
    },
    close: () => Promise.resolve(),
  };
}

function isSmall(job: VerificationJob): boolean {
  return job.message.length <= SMALL_MESSAGE_BYTES;
}

/** Outcomes by the very objects of a job, for as long as its signature's bytes live. Nobody changes bytes that were checked. */
class ReferenceMemory {
  readonly #outcomes = new WeakMap<
    Uint8Array,
    { readonly job: VerificationJob; readonly outcome: boolean }
  >();

  get(job: VerificationJob): boolean | undefined {
    const known = this.#outcomes.get(job.signature);
    const isSame = known?.job.message === job.message && known.job.publicKey === job.publicKey;
    return isSame ? known?.outcome : undefined;
  }

  set(job: VerificationJob, outcome: boolean): void {
    this.#outcomes.set(job.signature, { job, outcome });
  }
}
