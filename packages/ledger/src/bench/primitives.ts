import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { signDigestless, verifySignature } from '../crypto/index.ts';

const ROUNDS = 2000;
/** Per write, with outcomes shared: proposal, two endorsements, transaction and status request. */
const SIGNATURES = { signs: 5, verifies: 5 };

export interface Primitives {
  readonly signMicros: number;
  readonly verifyMicros: number;
  /** Writes that all cores could sign and verify for, if nothing else cost anything. */
  readonly boundPerSecond: number;
}

/** Times signing and verifying as the engine does them, on this machine, now. */
export function timePrimitives(): Primitives {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const message = randomBytes(1024);
  const signature = signDigestless(privateKey, message);
  const signMicros = microsOf(() => signDigestless(privateKey, message));
  const verifyMicros = microsOf(() => verifySignature(publicKey, message, signature));
  const perWrite = SIGNATURES.signs * signMicros + SIGNATURES.verifies * verifyMicros;
  return {
    signMicros: Math.round(signMicros * 10) / 10,
    verifyMicros: Math.round(verifyMicros * 10) / 10,
    boundPerSecond: Math.round((availableParallelism() * 1e6) / perWrite),
  };
}

export function describeMachine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores of ${first?.model.trim() ?? 'unknown'}, ${memory} GB, Node ${process.version}, ${process.platform}`;
}

function microsOf(work: () => unknown): number {
  for (let i = 0; i < ROUNDS / 4; i++) work();
  const start = performance.now();
  for (let i = 0; i < ROUNDS; i++) work();
  return ((performance.now() - start) * 1000) / ROUNDS;
}
