export type { VerificationJob, Verifier } from './verifier.ts';
import type { KeyObject } from 'node:crypto';
import type { Verifier } from './verifier.ts';

/** fabric-gateway's signer for `hash: hash.none`: low-S DER ECDSA over SHA-256 of the message. */
export declare function nativeSigner(privateKeyPem: string): (message: Uint8Array) => Promise<Uint8Array>;
export declare function importPrivateKey(pem: string): KeyObject;
/** The synchronous form; `message` is hashed here (SHA-256). */
export declare function signDigestless(privateKey: KeyObject, message: Uint8Array): Uint8Array;
export declare function verifySignature(
  publicKey: KeyObject,
  message: Uint8Array,
  signature: Uint8Array,
): boolean;
/** Outcomes by SHA-256(key, message, signature), at most `limit`; pass one instance to the verifiers that may share. */
export declare class VerificationCache {
  constructor(limit?: number);
  readonly hits: number;
  readonly misses: number;
}
export declare function createVerifier(options?: { readonly cache?: VerificationCache }): Verifier;
/** `threads` worker threads; batches are split among them. */
export declare function createPoolVerifier(options: {
  readonly threads: number;
  readonly cache?: VerificationCache;
}): Verifier;
