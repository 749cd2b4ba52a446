import {
  createHash,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  hash,
  type KeyObject,
} from 'node:crypto';
import { concat, type Bytes } from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import type { Kem } from './kem.ts';

/** X-Wing (draft-connolly-cfrg-xwing-kem): X25519 and ML-KEM-768, secure while either holds. */
export const X_WING_SEED_LENGTH = 32;
const X_WING_PUBLIC_LENGTH = 1_216;

const ML_KEM_PUBLIC = 1_184;
const ML_KEM_CIPHERTEXT = 1_088;
/** `\.//^\`, section 5.3. */
const LABEL = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c);

export interface XWingPublicKey {
  readonly bytes: Bytes;
  readonly mlKem: KeyObject;
  readonly x25519: KeyObject;
}

export interface XWingPrivateKey {
  readonly publicKey: XWingPublicKey;
  readonly mlKem: KeyObject;
  readonly x25519: KeyObject;
}

export const X_WING: Kem<XWingPublicKey, XWingPrivateKey> = {
  id: 0x647a,
  encLength: 1_120,
  importPublic,
  exportPublic: (key) => key.bytes,
  importPrivate,

  encapsulate: (recipient) => {
    const ephemeral = generateKeyPairSync('x25519');
    const pq = encapsulate(recipient.mlKem);
    const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: recipient.x25519 });
    const point = raw(ephemeral.publicKey);
    return {
      sharedSecret: combine(pq.sharedKey, shared, point, recipient.bytes.subarray(ML_KEM_PUBLIC)),
      enc: concat(pq.ciphertext, point),
    };
  },

  decapsulate: (enc, recipient) => {
    if (enc.length !== 1_120)
      throw new CustodyError('OPEN_FAILED', 'An X-Wing encapsulation has 1,120 bytes');
    const point = enc.subarray(ML_KEM_CIPHERTEXT);
    try {
      const pq = decapsulate(recipient.mlKem, enc.subarray(0, ML_KEM_CIPHERTEXT));
      const shared = diffieHellman({ privateKey: recipient.x25519, publicKey: x25519Public(point) });
      return combine(pq, shared, point, recipient.publicKey.bytes.subarray(ML_KEM_PUBLIC));
    } catch (cause) {
      throw new CustodyError('OPEN_FAILED', 'The encapsulation cannot be opened', { cause });
    }
  },
};

function importPublic(bytes: Uint8Array): XWingPublicKey {
  if (bytes.length !== X_WING_PUBLIC_LENGTH) {
    throw new CustodyError('BAD_KEY', `An X-Wing public key has ${X_WING_PUBLIC_LENGTH} bytes`);
  }
  try {
    return {
      bytes: new Uint8Array(bytes),
      mlKem: createPublicKey({
        key: Buffer.from(bytes.subarray(0, ML_KEM_PUBLIC)),
        format: 'raw-public',
        asymmetricKeyType: 'ml-kem-768',
      }),
      x25519: x25519Public(bytes.subarray(ML_KEM_PUBLIC)),
    };
  } catch (cause) {
    throw new CustodyError('BAD_KEY', 'Not an X-Wing public key', { cause });
  }
}

/** The private key is a seed of 32 bytes, expanded by SHAKE256 into those of the two parts (section 5.2). */
function importPrivate(seed: Uint8Array): XWingPrivateKey {
  if (seed.length !== X_WING_SEED_LENGTH) throw new CustodyError('BAD_KEY', 'An X-Wing seed has 32 bytes');
  const expanded = createHash('shake256', { outputLength: 96 }).update(seed).digest();
  const mlKem = createPrivateKey({
    key: expanded.subarray(0, 64),
    format: 'raw-seed',
    asymmetricKeyType: 'ml-kem-768',
  });
  const x25519 = createPrivateKey({
    key: expanded.subarray(64),
    format: 'raw-private',
    asymmetricKeyType: 'x25519',
  });
  expanded.fill(0);
  const publicHalves = { mlKem: createPublicKey(mlKem), x25519: createPublicKey(x25519) };
  const bytes = concat(raw(publicHalves.mlKem), raw(publicHalves.x25519));
  return { publicKey: { bytes, ...publicHalves }, mlKem, x25519 };
}

/** Section 5.3: both secrets, bound to what the X25519 half was made with. */
function combine(pq: Uint8Array, shared: Uint8Array, point: Uint8Array, recipient: Uint8Array): Bytes {
  return new Uint8Array(hash('sha3-256', concat(pq, shared, point, recipient, LABEL), 'buffer'));
}

function x25519Public(key: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(key), format: 'raw-public', asymmetricKeyType: 'x25519' });
}

function raw(key: KeyObject): Bytes {
  return new Uint8Array(key.export({ format: 'raw-public' }));
}
