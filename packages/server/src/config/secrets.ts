import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError } from './config.ts';

/** A value that no log, message or JSON ever shows. */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** What the REST side keeps secret. Keys of users, custody and TLS belong to exchange/. */
export interface ServerSecrets {
  /** ES256; signs the bearer tokens of this organisation's users. */
  readonly tokenKey: Secret<KeyObject>;
  readonly tokenPublicKey: KeyObject;
  /** Signs page cursors; a lost one costs clients the rest of their pages, no more. */
  readonly cursorKey: Secret<Uint8Array>;
}

const OWNER_ONLY = 0o600;

/**
 * Reads the secrets from files of their own in `directory`, and draws those that do not exist yet.
 *
 * @throws ConfigError UNREADABLE when a file is there but holds something else
 */
export function openSecrets(directory: string): ServerSecrets {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const tokenPem = fileOrDrawn(join(directory, 'token-key.pem'), drawTokenKey);
  const cursorHex = fileOrDrawn(join(directory, 'cursor-key'), () => randomBytes(32).toString('hex'));
  const tokenKey = readable('token-key.pem', () => createPrivateKey(tokenPem));
  if (!/^[0-9a-f]{64}$/.test(cursorHex.trim()))
    throw new ConfigError('UNREADABLE', 'cursor-key: is not 32 bytes in hexadecimal');
  return {
    tokenKey: new Secret(tokenKey),
    tokenPublicKey: createPublicKey(tokenKey),
    cursorKey: new Secret(new Uint8Array(Buffer.from(cursorHex.trim(), 'hex'))),
  };
}

function drawTokenKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function fileOrDrawn(file: string, draw: () => string): string {
  if (!existsSync(file)) {
    writeFileSync(file, draw(), { mode: OWNER_ONLY, flag: 'wx', flush: true });
    chmodSync(file, OWNER_ONLY);
  }
  return readFileSync(file, 'utf8');
}

function readable<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new ConfigError('UNREADABLE', `${name}: holds no private key`, { cause });
  }
}
