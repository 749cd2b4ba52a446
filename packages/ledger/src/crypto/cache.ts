import { hash, type KeyObject } from 'node:crypto';
import { concat, uint32 } from '@healthchain/core';
import { RecentMap } from '../recent-map.ts';
import type { VerificationJob } from './verifier.ts';

/** Outcomes kept by a cache that is given no limit: about 40 MB. */
const DEFAULT_CACHED_OUTCOMES = 200_000;

const encodedKeys = new WeakMap<KeyObject, Uint8Array>();

/**
 * Outcomes of verifications by SHA-256 over key, message and signature. Who shares one instance shares outcomes; nothing
 * shares by itself.
 */
export class VerificationCache {
  readonly #outcomes: RecentMap<string, boolean>;
  #hits = 0;
  #misses = 0;

  constructor(limit = DEFAULT_CACHED_OUTCOMES) {
    this.#outcomes = new RecentMap(limit);
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  get(key: string): boolean | undefined {
    const outcome = this.#outcomes.get(key);
    if (outcome === undefined) this.#misses++;
    else this.#hits++;
    return outcome;
  }

  set(key: string, outcome: boolean): void {
    this.#outcomes.set(key, outcome);
  }
}

/** Binds key, message and signature; lengths first, so that no two jobs share a preimage. */
export function jobKey(job: VerificationJob): string {
  const key = encodedKey(job.publicKey);
  return hash(
    'sha256',
    concat(uint32(key.length), key, uint32(job.message.length), job.message, job.signature),
    'base64',
  );
}

function encodedKey(key: KeyObject): Uint8Array {
  let encoded = encodedKeys.get(key);
  if (encoded === undefined) {
    encoded = key.export({ type: 'spki', format: 'der' });
    encodedKeys.set(key, encoded);
  }
  return encoded;
}
