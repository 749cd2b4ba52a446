import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { utf8 } from '@healthchain/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createPoolVerifier,
  createVerifier,
  nativeSigner,
  signDigestless,
  toLowS,
  VerificationCache,
  verifySignature,
} from './index.ts';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const message = utf8('a message');

function der(r: bigint, s: bigint, tail = ''): Uint8Array {
  const integer = (value: bigint) => {
    let hex = value.toString(16);
    if (hex.length % 2 === 1) hex = `0${hex}`;
    if (Number.parseInt(hex.slice(0, 2), 16) >= 0x80) hex = `00${hex}`;
    return `02${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`;
  };
  const content = integer(r) + integer(s);
  return Buffer.from(`30${(content.length / 2).toString(16).padStart(2, '0')}${content}${tail}`, 'hex');
}

function scalars(key: KeyObject, bytes: Uint8Array): [bigint, bigint] {
  const raw = sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }).toString('hex');
  const r = BigInt(`0x${raw.slice(0, 64)}`);
  const s = BigInt(`0x${raw.slice(64)}`);
  return [r, s > ORDER / 2n ? ORDER - s : s];
}

describe('signatures', () => {
  test('every signature is low-S DER and verifies', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const signature = signDigestless(keys.privateKey, bytes);
        expect(Buffer.from(toLowS(signature) ?? [])).toEqual(Buffer.from(signature));
        expect(verifySignature(keys.publicKey, bytes, signature)).toBe(true);
        expect(verifySignature(other.publicKey, bytes, signature)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('high-S is refused though the mathematics holds', () => {
    const [r, s] = scalars(keys.privateKey, message);
    expect(verifySignature(keys.publicKey, message, der(r, s))).toBe(true);
    expect(verifySignature(keys.publicKey, message, der(r, ORDER - s))).toBe(false);
    expect(Buffer.from(toLowS(der(r, ORDER - s)) ?? [])).toEqual(Buffer.from(der(r, s)));
  });

  test('bytes after the numbers are ignored as by encoding/asn1', () => {
    const [r, s] = scalars(keys.privateKey, message);
    expect(verifySignature(keys.publicKey, message, der(r, s, 'ffff'))).toBe(true);
  });

  test.each([
    ['empty', ''],
    ['not a sequence', '31060201010201ff'],
    ['negative', '30060201ff020101'],
    ['zero', '3006020100020101'],
    ['padded number', '300802020001020101'],
    ['cut', '3006020101'],
    ['long length', '308106020101020101'],
  ])('%s is no signature', (_name, hex) => {
    expect(toLowS(Buffer.from(hex, 'hex'))).toBeUndefined();
    expect(verifySignature(keys.publicKey, message, Buffer.from(hex, 'hex'))).toBe(false);
  });

  test('the signer for the gateway signs messages, not digests', async () => {
    const signer = nativeSigner(keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    expect(verifySignature(keys.publicKey, message, await signer(message))).toBe(true);
  });
});

describe('verifiers', () => {
  const good = { publicKey: keys.publicKey, message, signature: signDigestless(keys.privateKey, message) };
  const bad = { ...good, publicKey: other.publicKey };
  const jobs = [good, bad, good, bad, { ...good, message: utf8('another') }, good, bad];
  const expected = [true, false, true, false, false, true, false];

  test('in this thread', async () => {
    const verifier = createVerifier();
    expect(jobs.map((job) => verifier.verify(job))).toEqual(expected);
    expect(await verifier.verifyAll(jobs)).toEqual(expected);
  });

  test('in worker threads, also after closing', async () => {
    const verifier = createPoolVerifier({ threads: 2 });
    expect(await verifier.verifyAll(jobs)).toEqual(expected);
    expect(await verifier.verifyAll(jobs.toReversed())).toEqual(expected.toReversed());
    await verifier.close();
    expect(await verifier.verifyAll(jobs)).toEqual(expected);
  });

  test('who shares a cache shares outcomes', async () => {
    const cache = new VerificationCache();
    await createVerifier({ cache }).verifyAll(jobs);
    expect(cache.hits).toBe(0);
    const second = createVerifier({ cache });
    expect(jobs.map((job) => second.verify(job))).toEqual(expected);
    expect(cache.hits).toBe(jobs.length);
  });

  test('the cache is bounded', () => {
    const cache = new VerificationCache(4);
    for (let i = 0; i < 10; i++) cache.set(String(i), true);
    expect(cache.get('0')).toBeUndefined();
    expect(cache.get('9')).toBe(true);
  });
});
