import { generateKeyPairSync, sign } from 'node:crypto';
import { utf8 } from '@healthchain/core';
import { describe, expect, it } from 'vitest';
import { certificateKey, ecdsaSigner, verifySignature } from './signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signer = ecdsaSigner(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
const message = utf8('message');
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The same signature with S or its complement, DER by hand. */
function complemented(der: Uint8Array): Buffer {
  const rLength = der[3] as number;
  const r = Buffer.from(der.subarray(4, 4 + rLength));
  const s = BigInt(`0x${Buffer.from(der.subarray(6 + rLength)).toString('hex')}`);
  const other = Buffer.from((ORDER - s).toString(16).padStart(64, '0'), 'hex');
  const positive = (other[0] as number) >= 0x80 ? Buffer.concat([Buffer.of(0), other]) : other;
  const body = Buffer.concat([Buffer.of(2, r.length), r, Buffer.of(2, positive.length), positive]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

describe('signatures', () => {
  it('verify, always low-S', () => {
    for (let i = 0; i < 64; i++) {
      const signature = signer.sign(message);
      expect(verifySignature(publicKey, message, signature)).toBe(true);
      expect(verifySignature(publicKey, message, complemented(signature))).toBe(false);
    }
  });

  it('of node:crypto verify when they are low-S', () => {
    const theirs = sign('sha256', message, privateKey);
    const either = [theirs, complemented(theirs)].map((signature) =>
      verifySignature(publicKey, message, signature),
    );
    expect(either.filter(Boolean).length).toBe(1);
  });

  it('that are altered, cut, lengthened or for another message do not verify', () => {
    const signature = signer.sign(message);
    expect(verifySignature(publicKey, utf8('other'), signature)).toBe(false);
    for (let i = 0; i < signature.length; i++) {
      const changed = signature.slice();
      changed[i] = (changed[i] as number) ^ 1;
      expect(verifySignature(publicKey, message, changed)).toBe(false);
      expect(verifySignature(publicKey, message, signature.subarray(0, i))).toBe(false);
    }
    expect(verifySignature(publicKey, message, Buffer.concat([signature, Buffer.of(0)]))).toBe(false);
  });

  it('need a key on P-256', () => {
    const ed25519 = generateKeyPairSync('ed25519')
      .privateKey.export({ format: 'pem', type: 'pkcs8' })
      .toString();
    for (const pem of ['', ed25519]) {
      expect(() => ecdsaSigner(pem)).toThrow(expect.objectContaining({ code: 'BAD_KEY' }));
      expect(() => certificateKey(pem)).toThrow(expect.objectContaining({ code: 'BAD_KEY' }));
    }
  });
});
