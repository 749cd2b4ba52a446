export { VerificationCache } from './cache.ts';
export { createPoolVerifier } from './pool.ts';
export { importPrivateKey, nativeSigner, signDigestless, toLowS, verifySignature } from './signature.ts';
export { createVerifier, type VerificationJob, type Verifier } from './verifier.ts';
