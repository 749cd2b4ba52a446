import { fromHex, toHex, utf8, type Bytes } from '@healthchain/core';
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core';
import { XWing } from '@hpke/hybridkem-x-wing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publicVectors } from '../testing/vectors.ts';
import {
  AES_256_GCM,
  messageKeys,
  openMessage,
  openSealed,
  schedule,
  SEAL_SUITE,
  sealFor,
  sealMessage,
  type Aead,
} from './hpke.ts';
import { labeledExpand } from './kem.ts';
import { DHKEM_P256, DHKEM_X25519, type DhKem } from './testing/dhkem.ts';
import { X_WING } from './x-wing.ts';

interface Vector {
  readonly mode: number;
  readonly kem_id: number;
  readonly aead_id: number;
  readonly info: string;
  readonly skRm: string;
  readonly pkRm: string;
  readonly skEm: string;
  readonly enc: string;
  readonly shared_secret: string;
  readonly key: string;
  readonly base_nonce: string;
  readonly exporter_secret: string;
  readonly encryptions: readonly { readonly aad: string; readonly ct: string; readonly pt: string }[];
  readonly exports: readonly {
    readonly exporter_context: string;
    readonly L: number;
    readonly exported_value: string;
  }[];
}

interface XWingVector {
  readonly seed: string;
  readonly pk: string;
  readonly ct: string;
  readonly ss: string;
}

const KEMS: Readonly<Record<number, DhKem>> = { 16: DHKEM_P256, 32: DHKEM_X25519 };
const AEADS: Readonly<Record<number, Aead>> = {
  1: { id: 1, cipher: 'aes-128-gcm', keyLength: 16 },
  2: AES_256_GCM,
  3: { id: 3, cipher: 'chacha20-poly1305' as Aead['cipher'], keyLength: 32 },
};

/** RFC 9180 appendices A.1 and A.3 (with AES-256-GCM), in part. */
const TYPED: readonly Vector[] = [
  {
    mode: 0,
    kem_id: 32,
    aead_id: 1,
    info: '4f6465206f6e2061204772656369616e2055726e',
    skRm: '4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8',
    pkRm: '3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d',
    skEm: '52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736',
    enc: '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431',
    shared_secret: 'fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc',
    key: '4531685d41d65f03dc48f6b8302c05b0',
    base_nonce: '56d890e5accaaf011cff4b7d',
    exporter_secret: '45ff1c2e220db587171952c0592d5f5ebe103f1561a2614e38f2ffd47e99e3f8',
    encryptions: [
      {
        aad: '436f756e742d30',
        ct: 'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
        pt: '4265617574792069732074727574682c20747275746820626561757479',
      },
      {
        aad: '436f756e742d31',
        ct: 'af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84',
        pt: '4265617574792069732074727574682c20747275746820626561757479',
      },
    ],
    exports: [
      {
        exporter_context: '54657374436f6e74657874',
        L: 32,
        exported_value: 'e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931',
      },
    ],
  },
  {
    mode: 0,
    kem_id: 16,
    aead_id: 2,
    info: '4f6465206f6e2061204772656369616e2055726e',
    skRm: '317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2',
    pkRm: '04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c',
    skEm: '90345e3a1d116c1dd39ae76d95ab858c142223a63e44f8f85318cfa91a84858e',
    enc: '04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0',
    shared_secret: '48893fecd82f7c3456af6a42d8f56325d21e08c10fa81299986aaff54cde7b49',
    key: 'ee16802a936d5f544771131900ee6973d0551de9e852ece2ef34bf0d5f9e1d1d',
    base_nonce: '9bc50980832a7b4b58c40161',
    exporter_secret: 'a8e9a7e62621879fdc89cea7da8e6153458f463e2851baaf009a7461d699cfb6',
    encryptions: [],
    exports: [
      {
        exporter_context: '54657374436f6e74657874',
        L: 32,
        exported_value: '76c6b4f404990ae362be3efe0d60d9669d87017f9dfe33b8c2ed9fd31d295182',
      },
    ],
  },
];

function checkVector(vector: Vector): void {
  const kem = KEMS[vector.kem_id] as DhKem;
  const aead = AEADS[vector.aead_id] as Aead;
  const recipient = kem.importPrivate(fromHex(vector.skRm));
  const sent = kem.encapsulateWith(
    kem.importPrivate(fromHex(vector.skEm)),
    kem.importPublic(fromHex(vector.pkRm)),
  );
  expect(toHex(sent.enc)).toBe(vector.enc);
  expect(toHex(sent.sharedSecret)).toBe(vector.shared_secret);
  expect(toHex(kem.decapsulate(sent.enc, recipient))).toBe(vector.shared_secret);

  const scheduled = schedule(kem.id, aead, sent.sharedSecret, fromHex(vector.info));
  const keys = messageKeys(scheduled, aead);
  expect(toHex(keys.key)).toBe(vector.key);
  expect(toHex(keys.baseNonce)).toBe(vector.base_nonce);
  const exporter = labeledExpand(scheduled.suite, scheduled.secret, 'exp', scheduled.context, 32);
  expect(toHex(exporter)).toBe(vector.exporter_secret);
  vector.encryptions.forEach(({ aad, ct, pt }, sequence) => {
    const message = { aad: fromHex(aad), sequence };
    expect(toHex(sealMessage(aead, keys, { ...message, content: fromHex(pt) }))).toBe(ct);
    expect(toHex(openMessage(aead, keys, { ...message, content: fromHex(ct) }))).toBe(pt);
  });
  for (const { exporter_context, L, exported_value } of vector.exports) {
    const exported = labeledExpand(scheduled.suite, exporter, 'sec', fromHex(exporter_context), L);
    expect(toHex(exported)).toBe(exported_value);
  }
}

describe('RFC 9180', () => {
  it.each(TYPED)('typed vector of KEM $kem_id, AEAD $aead_id', checkVector);

  it('public vectors in base mode', () => {
    const vectors = (publicVectors('hpke-rfc9180.json') as Vector[] | undefined)?.filter(
      ({ mode }) => mode === 0,
    );
    if (vectors === undefined) return;
    expect(vectors.length).toBe(6);
    vectors.forEach(checkVector);
  });
});

describe('X-Wing', () => {
  it('public vectors: key derivation and decapsulation', () => {
    const vectors = publicVectors('x-wing.json') as XWingVector[] | undefined;
    if (vectors === undefined) return;
    for (const { seed, pk, ct, ss } of vectors) {
      const key = X_WING.importPrivate(fromHex(seed));
      expect(toHex(key.publicKey.bytes)).toBe(pk);
      expect(toHex(X_WING.decapsulate(fromHex(ct), key))).toBe(ss);
    }
  });

  it('agrees with itself and refuses another length', () => {
    const key = X_WING.importPrivate(new Uint8Array(32).fill(7));
    const { enc, sharedSecret } = X_WING.encapsulate(X_WING.importPublic(key.publicKey.bytes));
    expect(X_WING.decapsulate(enc, key)).toEqual(sharedSecret);
    expect(() => X_WING.decapsulate(enc.subarray(1), key)).toThrow(
      expect.objectContaining({ code: 'OPEN_FAILED' }),
    );
    expect(() => X_WING.importPublic(enc)).toThrow(expect.objectContaining({ code: 'BAD_KEY' }));
    expect(() => X_WING.importPrivate(enc)).toThrow(expect.objectContaining({ code: 'BAD_KEY' }));
  });

  it('refuses an encapsulation whose X25519 point has small order', () => {
    const key = X_WING.importPrivate(new Uint8Array(32).fill(7));
    const enc = X_WING.encapsulate(key.publicKey).enc;
    enc.fill(0, 1_088);
    expect(() => X_WING.decapsulate(enc, key)).toThrow(expect.objectContaining({ code: 'OPEN_FAILED' }));
  });
});

describe('against @hpke/core', () => {
  const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const seed = new Uint8Array(32).map((_, i) => i * 5);
  const key = X_WING.importPrivate(seed);
  const binding = { info: utf8('info'), aad: utf8('aad') };
  const plaintext = utf8('Beauty is truth, truth beauty');

  it('opens what we seal', async () => {
    const sealed = sealFor(X_WING.importPublic(key.publicKey.bytes), binding, plaintext);
    expect(sealed[0]).toBe(SEAL_SUITE);
    const recipientKey = await suite.kem.deserializePrivateKey(seed.buffer);
    const enc = sealed.slice(1, 1 + X_WING.encLength).buffer;
    const opened = await suite.open(
      { recipientKey, enc, info: binding.info.buffer },
      sealed.slice(1 + X_WING.encLength).buffer,
      binding.aad.buffer,
    );
    expect(new Uint8Array(opened)).toEqual(plaintext);
  });

  it('seals what we open', async () => {
    const recipientPublicKey = await suite.kem.deserializePublicKey(key.publicKey.bytes.buffer);
    const { enc, ct } = await suite.seal(
      { recipientPublicKey, info: binding.info.buffer },
      plaintext.buffer,
      binding.aad.buffer,
    );
    const sealed = Buffer.concat([Uint8Array.of(SEAL_SUITE), new Uint8Array(enc), new Uint8Array(ct)]);
    expect(openSealed(key, binding, sealed)).toEqual(plaintext);
  });
});

describe('sealed messages', () => {
  const key = X_WING.importPrivate(new Uint8Array(32).fill(1));
  const binding = { info: utf8('info'), aad: utf8('aad') };
  const sealed = sealFor(key.publicKey, binding, utf8('share'));
  const failsToOpen = (open: () => Bytes, code = 'OPEN_FAILED'): void =>
    expect(open).toThrow(expect.objectContaining({ code }));

  it('open under the same key, info and aad only', () => {
    expect(openSealed(key, binding, sealed)).toEqual(utf8('share'));
    const other = X_WING.importPrivate(new Uint8Array(32).fill(2));
    failsToOpen(() => openSealed(other, binding, sealed));
    failsToOpen(() => openSealed(key, { ...binding, info: utf8('other') }, sealed));
    failsToOpen(() => openSealed(key, { ...binding, aad: utf8('other') }, sealed));
  });

  it('do not open with any byte changed or cut off', () => {
    fc.assert(
      fc.property(fc.nat(sealed.length - 2), fc.integer({ min: 1, max: 255 }), (position, flip) => {
        const changed = sealed.slice();
        changed[position + 1] = (changed[position + 1] as number) ^ flip;
        failsToOpen(() => openSealed(key, binding, changed));
        failsToOpen(() => openSealed(key, binding, sealed.subarray(0, position + 1)));
      }),
      { numRuns: 60 },
    );
  });

  it('of another suite are refused', () => {
    const changed = sealed.slice();
    changed[0] = 2;
    failsToOpen(() => openSealed(key, binding, changed), 'UNKNOWN_SUITE');
  });
});
