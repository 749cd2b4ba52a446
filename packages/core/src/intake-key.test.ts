import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { fromBase64url } from './bytes.ts';
import { INTAKE_KEY_BYTES, intakeKeyId, isIntakeKey } from './intake-key.ts';

function drawn(): Uint8Array {
  const raw = (type: 'ml-kem-768' | 'x25519', length: number): Uint8Array => {
    const { publicKey } = generateKeyPairSync(type as 'x25519');
    return new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })).slice(-length);
  };
  return Uint8Array.from([...raw('ml-kem-768', 1_184), ...raw('x25519', 32)]);
}

function importsAsMlKem(bytes: Uint8Array): boolean {
  const prefix = fromBase64url('MIIEsjALBglghkgBZQMEBAIDggShAA');
  try {
    createPublicKey({ key: Buffer.from([...prefix, ...bytes]), format: 'der', type: 'spki' });
    return true;
  } catch {
    return false;
  }
}

it('takes keys as they are drawn', () => {
  for (let i = 0; i < 20; i++) expect(isIntakeKey(drawn())).toBe(true);
});

it('agrees with OpenSSL about coefficients', () => {
  const key = drawn();
  for (const at of [0, 1, 2, 575, 1_149, 1_150, 1_151]) {
    for (const byte of [0x00, 0x0c, 0x0d, 0xcf, 0xd0, 0xff]) {
      const altered = key.with(at, byte);
      expect(isIntakeKey(altered)).toBe(importsAsMlKem(altered.slice(0, 1_184)));
    }
  }
});

it('refuses another length', () => {
  expect(isIntakeKey(new Uint8Array(INTAKE_KEY_BYTES - 1))).toBe(false);
  expect(isIntakeKey(Uint8Array.from([...drawn(), 0]))).toBe(false);
});

it('gives an id that depends on channel, custodian and key', () => {
  const key = drawn();
  const ids = [
    intakeKeyId('care', 'NorthMSP', key),
    intakeKeyId('consortium', 'NorthMSP', key),
    intakeKeyId('care', 'SouthMSP', key),
    intakeKeyId('care', 'NorthMSP', drawn()),
  ];
  expect(new Set(ids).size).toBe(4);
});
