import type { KeyObject } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { unpackJobs, type Batch, type BatchOutcome } from './batch.ts';
import { decide } from './verifier.ts';

const keys = new Map<number, KeyObject>();

parentPort?.on('message', (batch: Batch) => {
  if (batch.reset) keys.clear();
  for (const [number, key] of batch.keys) keys.set(number, key);
  const outcomes = Uint8Array.from(
    unpackJobs(batch, (number) => keys.get(number) as KeyObject),
    (job) => (decide(job) ? 1 : 0),
  );
  const answer: BatchOutcome = { id: batch.id, outcomes };
  parentPort?.postMessage(answer, [outcomes.buffer]);
});
