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
  for (let i = 0; i < jobs.length; i++) {
    const { message, signature, publicKey } = jobs[i] as VerificationJob;
    bytes.set(message, offset);
    const messageEnd = offset + message.length;
    bytes.set(signature, messageEnd);
    offset = messageEnd + signature.length;
    index[i * FIELDS] = numberOf(publicKey);
    index[i * FIELDS + 1] = messageEnd;
    index[i * FIELDS + 2] = offset;
  }
  return { index, bytes };
}

export function* unpackJobs(batch: Batch, keyOf: (number: number) => KeyObject): Generator<VerificationJob> {
  let start = 0;
  for (let i = 0; i < batch.index.length; i += FIELDS) {
    const number = batch.index[i] as number;
    const messageEnd = batch.index[i + 1] as number;
    const end = batch.index[i + 2] as number;
    yield {
      publicKey: keyOf(number),
      message: batch.bytes.subarray(start, messageEnd),
      signature: batch.bytes.subarray(messageEnd, end),
    };
    start = end;
  }
}
