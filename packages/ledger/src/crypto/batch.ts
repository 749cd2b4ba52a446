import type { KeyObject } from 'node:crypto';
import type { VerificationJob } from './verifier.ts';

/**
 * Jobs as they cross to a worker: per job the number of its key, and the ends of its message and signature in `bytes`.
 * Keys are sent once per worker; `reset` drops the ones that it holds.
 */
export interface Batch {
  readonly id: number;
  readonly reset: boolean;
  readonly keys: readonly (readonly [number, KeyObject])[];
  readonly index: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface BatchOutcome {
  readonly id: number;
  /** 1 for a signature that holds, per job. */
  readonly outcomes: Uint8Array<ArrayBuffer>;
}

const FIELDS = 3;

export function packJobs(
  jobs: readonly VerificationJob[],
  numberOf: (key: KeyObject) => number,
): Pick<Batch, 'index' | 'bytes'> {
  const size = jobs.reduce((sum, job) => sum + job.message.length + job.signature.length, 0);
  const index = new Uint32Array(jobs.length * FIELDS);
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const [i, job] of jobs.entries()) {
    bytes.set(job.message, offset);
    const messageEnd = offset + job.message.length;
    bytes.set(job.signature, messageEnd);
    offset = messageEnd + job.signature.length;
    index.set([numberOf(job.publicKey), messageEnd, offset], i * FIELDS);
  }
  return { index, bytes };
}

export function* unpackJobs(batch: Batch, keyOf: (number: number) => KeyObject): Generator<VerificationJob> {
  let start = 0;
  for (let i = 0; i < batch.index.length; i += FIELDS) {
    const [number, messageEnd, end] = batch.index.subarray(i, i + FIELDS) as unknown as [
      number,
      number,
      number,
    ];
    yield {
      publicKey: keyOf(number),
      message: batch.bytes.subarray(start, messageEnd),
      signature: batch.bytes.subarray(messageEnd, end),
    };
    start = end;
  }
}
