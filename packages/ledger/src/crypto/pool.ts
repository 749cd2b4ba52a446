import type { KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { packJobs, type Batch, type BatchOutcome } from './batch.ts';
import type { VerificationCache } from './cache.ts';
import { cachedVerifier, decide, type VerificationJob, type Verifier } from './verifier.ts';

/** Keys a worker keeps before it is told to forget them: more certificates than a busy hour sees. */
const MAX_WORKER_KEYS = 20_000;
/** Fewer jobs than this are decided in the calling thread: crossing costs more than it saves. */
const MIN_BATCH = 4;

/** Verifies in worker threads, each batch split evenly among them and the outcomes put back in order. */
export function createPoolVerifier(options: {
  readonly threads: number;
  readonly cache?: VerificationCache;
}): Verifier {
  const pool = Array.from({ length: options.threads }, () => new VerifyingThread());
  let closed = options.threads === 0;
  const decideAll = async (jobs: readonly VerificationJob[]): Promise<boolean[]> => {
    if (closed || jobs.length < MIN_BATCH) return jobs.map(decide);
    const share = Math.ceil(jobs.length / pool.length);
    const parts = await Promise.all(
      pool.map((thread, i) => thread.run(jobs.slice(i * share, (i + 1) * share))),
    );
    return parts.flat();
  };
  return cachedVerifier(options.cache, decideAll, async () => {
    closed = true;
    await Promise.all(pool.map((thread) => thread.close()));
  });
}

interface Pending {
  readonly jobs: readonly VerificationJob[];
  readonly resolve: (outcomes: boolean[]) => void;
}

/** A worker and what it has been asked; if it dies its jobs are decided in this thread. */
class VerifyingThread {
  readonly #worker = new Worker(new URL('./verify.worker.ts', import.meta.url));
  readonly #pending = new Map<number, Pending>();
  #numbers = new Map<KeyObject, number>();
  #nextId = 0;
  #alive = true;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (answer: BatchOutcome) => this.#settle(answer));
    this.#worker.on('error', () => this.#abandon());
    this.#worker.on('exit', () => this.#abandon());
  }

  run(jobs: readonly VerificationJob[]): Promise<boolean[]> {
    if (!this.#alive || jobs.length === 0) return Promise.resolve(jobs.map(decide));
    return new Promise((resolve) => {
      const batch = this.#pack(jobs);
      this.#pending.set(batch.id, { jobs, resolve });
      this.#worker.ref();
      this.#worker.postMessage(batch, [batch.index.buffer, batch.bytes.buffer]);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #pack(jobs: readonly VerificationJob[]): Batch {
    const reset = this.#numbers.size > MAX_WORKER_KEYS;
    if (reset) this.#numbers = new Map();
    const keys: [number, KeyObject][] = [];
    const numberOf = (key: KeyObject): number => {
      const known = this.#numbers.get(key);
      if (known !== undefined) return known;
      const number = this.#numbers.size;
      this.#numbers.set(key, number);
      keys.push([number, key]);
      return number;
    };
    return { id: this.#nextId++, reset, ...packJobs(jobs, numberOf), keys };
  }

  #settle(answer: BatchOutcome): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#worker.unref();
    pending?.resolve(Array.from(answer.outcomes, (outcome) => outcome === 1));
  }

  #abandon(): void {
    this.#alive = false;
    for (const { jobs, resolve } of this.#pending.values()) resolve(jobs.map(decide));
    this.#pending.clear();
  }
}
