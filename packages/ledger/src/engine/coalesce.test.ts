import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { createPoolVerifier, signDigestless, type VerificationJob } from '../crypto/index.ts';
import { coalescingVerifier } from './coalesce.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const decider = createPoolVerifier({ threads: 1 });
const verifier = coalescingVerifier({ decider, isShared: true });
afterAll(() => decider.close());

function jobOf(bytes: number): VerificationJob {
  const message = randomBytes(bytes);
  return { publicKey, message, signature: signDigestless(privateKey, message) };
}

/** Another message under the same signature. */
function spoilt(job: VerificationJob): VerificationJob {
  return { ...job, message: Uint8Array.from(job.message, (byte, i) => (i === 0 ? byte ^ 1 : byte)) };
}

test('what was foreseen comes out as if it had not been', async () => {
  const jobs = Array.from({ length: 20 }, () => jobOf(2_000));
  const mixed = jobs.flatMap((job, i) => (i % 3 === 0 ? [spoilt(job)] : [job]));
  verifier.foresee?.(mixed);
  const asked = verifier.verifyAll(mixed);
  verifier.foresee?.(mixed);
  expect(await asked).toEqual(mixed.map((_, i) => i % 3 !== 0));
  expect(await verifier.verifyAll(mixed)).toEqual(mixed.map((_, i) => i % 3 !== 0));
});

test('an outcome counts for its own message and key only', async () => {
  const [large, small] = [jobOf(2_000), jobOf(100)];
  expect(await verifier.verifyAll([large, small])).toEqual([true, true]);
  expect(await verifier.verifyAll([spoilt(large), spoilt(small)])).toEqual([false, false]);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  expect(verifier.verify({ ...large, publicKey: other })).toBe(false);
  expect(verifier.verify(large)).toBe(true);
});
