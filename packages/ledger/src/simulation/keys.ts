import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { concat, equalBytes, uint32 } from '@healthchain/core';
import { createVerifier, signDigestless, type VerificationJob, type Verifier } from '../crypto/index.ts';
import type { Identity } from '../msp/index.ts';
import type { ConsenterCouncil } from '../ordering/council.ts';
import { roundRobin } from '../ordering/schedule.ts';

/**
 * `ecdsa`: the signatures of real authorities. `keyed-hash`: a checksum over the authority's number and the message, a hundred
 * times as fast; no liar of the simulation makes one for another's number.
 */
export type SignatureKind = 'ecdsa' | 'keyed-hash';

const CHANNEL = 'simulated';

export interface Keys {
  readonly council: ConsenterCouncil;
  readonly verifier: Verifier;
  sign(authority: number, message: Uint8Array): Uint8Array;
}

export function makeKeys(kind: SignatureKind, authorities: number): Keys {
  const ids = Array.from({ length: authorities }, (_, i) => i + 1);
  return kind === 'ecdsa' ? ecdsaKeys(ids) : keyedHashKeys(ids);
}

const pairs = new Map<number, ReturnType<typeof newPair>>();

function newPair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pairOf(authority: number): ReturnType<typeof newPair> {
  const pair = pairs.get(authority) ?? newPair();
  pairs.set(authority, pair);
  return pair;
}

function ecdsaKeys(ids: readonly number[]): Keys {
  return {
    council: councilWith(ids, (id) => pairOf(id).publicKey),
    verifier: createVerifier(),
    sign: (authority, message) => signDigestless(pairOf(authority).privateKey, message),
  };
}

function keyedHashKeys(ids: readonly number[]): Keys {
  const keys = new Map(ids.map((id) => [id, createSecretKey(uint32(id))]));
  const numbers = new Map([...keys].map(([id, key]) => [key, id]));
  const decide = ({ publicKey, message, signature }: VerificationJob): boolean => {
    const authority = numbers.get(publicKey);
    return authority !== undefined && equalBytes(keyedHash(authority, message), signature);
  };
  return {
    council: councilWith(ids, (id) => keys.get(id) as KeyObject),
    verifier: {
      verify: decide,
      verifyAll: (jobs) => Promise.resolve(jobs.map(decide)),
      close: () => Promise.resolve(),
    },
    sign: keyedHash,
  };
}

/** Two 32-bit multiply-and-xor sums that begin with the authority's number. */
function keyedHash(authority: number, message: Uint8Array): Uint8Array {
  let a = Math.imul(authority, 0x9e3779b1);
  let b = Math.imul(authority, 0x85ebca77) ^ message.length;
  for (const byte of message) {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x5bd1e995) ^ (b >>> 15);
  }
  return concat(uint32(a >>> 0), uint32(b >>> 0));
}

function councilWith(ids: readonly number[], keyOf: (id: number) => KeyObject): ConsenterCouncil {
  const identities = new Map(ids.map((id) => [id, identityWith(id, keyOf(id))]));
  return {
    channel: CHANNEL,
    authorities: ids,
    schedule: roundRobin,
    mayTakePart: (id) => identities.has(id),
    identityOf: (authority) => identities.get(authority),
  };
}

function identityWith(id: number, publicKey: KeyObject): Identity {
  return {
    mspId: `Org${id}MSP`,
    id: String(id),
    pem: '',
    der: new Uint8Array(),
    publicKey,
    commonName: `orderer${id}`,
    organizationalUnits: ['orderer'],
    serialNumber: String(id),
    notBefore: new Date(0),
    notAfter: new Date(0),
    attributes: {},
  };
}
