import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { concat, utf8, type Bytes } from '@healthchain/core';
import { CustodyError } from '../../errors.ts';
import { labeledExpand, labeledExtract, uint16, type Encapsulation, type Kem } from '../kem.ts';

/** DHKEM of RFC 9180 section 4.1 on a curve of node:crypto. It proves the key schedule by the RFC's vectors. */
export interface DhKem extends Kem<KeyObject, KeyObject> {
  /** With an ephemeral key that the caller chose: for vectors only. */
  encapsulateWith(ephemeral: KeyObject, recipient: KeyObject): Encapsulation;
}

interface Curve {
  readonly id: number;
  readonly publicLength: number;
  importPublic(bytes: Uint8Array): KeyObject;
  importPrivate(bytes: Uint8Array): KeyObject;
  generate(): KeyObject;
}

const X25519: Curve = {
  id: 0x0020,
  publicLength: 32,
  importPublic: (key) =>
    createPublicKey({ key: Buffer.from(key), format: 'raw-public', asymmetricKeyType: 'x25519' }),
  importPrivate: (key) =>
    createPrivateKey({ key: Buffer.from(key), format: 'raw-private', asymmetricKeyType: 'x25519' }),
  generate: () => generateKeyPairSync('x25519').privateKey,
};

const P256: Curve = {
  id: 0x0010,
  publicLength: 65,
  importPublic: (key) =>
    createPublicKey({
      key: Buffer.from(key),
      format: 'raw-public',
      asymmetricKeyType: 'ec',
      namedCurve: 'P-256',
    }),
  importPrivate: (key) =>
    createPrivateKey({
      key: Buffer.from(key),
      format: 'raw-private',
      asymmetricKeyType: 'ec',
      namedCurve: 'P-256',
    }),
  generate: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
};

export const DHKEM_X25519 = dhKem(X25519);
export const DHKEM_P256 = dhKem(P256);

function dhKem(curve: Curve): DhKem {
  const suite = concat(utf8('KEM'), uint16(curve.id));
  const derive = (privateKey: KeyObject, publicKey: KeyObject, context: Uint8Array): Bytes => {
    const shared = diffieHellman({ privateKey, publicKey });
    const secret = labeledExtract(suite, new Uint8Array(0), 'eae_prk', shared);
    return labeledExpand(suite, secret, 'shared_secret', context, 32);
  };
  const encapsulateWith = (ephemeral: KeyObject, recipient: KeyObject): Encapsulation => {
    const enc = rawPublic(ephemeral);
    return { enc, sharedSecret: derive(ephemeral, recipient, concat(enc, rawPublic(recipient))) };
  };
  return {
    id: curve.id,
    encLength: curve.publicLength,
    importPublic: (bytes) => imported(() => curve.importPublic(bytes)),
    exportPublic: rawPublic,
    importPrivate: (bytes) => imported(() => curve.importPrivate(bytes)),
    encapsulateWith,
    encapsulate: (recipient) => encapsulateWith(curve.generate(), recipient),
    decapsulate: (enc, recipient) => {
      try {
        return derive(recipient, curve.importPublic(enc), concat(enc, rawPublic(recipient)));
      } catch (cause) {
        throw new CustodyError('OPEN_FAILED', 'The encapsulation is not a point of the curve', { cause });
      }
    },
  };
}

function rawPublic(key: KeyObject): Bytes {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return new Uint8Array(half.export({ format: 'raw-public' }));
}

function imported(load: () => KeyObject): KeyObject {
  try {
    return load();
  } catch (cause) {
    throw new CustodyError('BAD_KEY', 'The key cannot be read', { cause });
  }
}
