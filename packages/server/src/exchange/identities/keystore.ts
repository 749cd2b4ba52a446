import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { labelled, utf8, type Role, type UserId } from '@healthchain/core';
import { ownerOnly } from '../../store/index.ts';
import type { KeyPair } from '../context.ts';
import { ExchangeError } from '../error.ts';
import { writeDurably } from './files.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Pairs kept open in memory. */
const MAX_OPENED = 1_000;

export interface StoredUser {
  readonly userId: UserId;
  readonly role: Role;
  readonly certificate: string;
}

/**
 * Certificates and private keys of this organisation's users. A private key is sealed with AES-256-GCM under `keystore.key`
 * (mode 0600, never backed up together with the database), bound to its user and certificate.
 */
export class Keystore {
  readonly #database: DatabaseSync;
  readonly #key: Uint8Array;
  /** Opened pairs, so that a busy user's key is unsealed once. */
  readonly #opened = new Map<UserId, KeyPair>();

  private constructor(database: DatabaseSync, key: Uint8Array) {
    this.#database = database;
    this.#key = key;
  }

  static open(directory: string): Keystore {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const key = openKeyFile(join(directory, 'keystore.key'));
    const database = new DatabaseSync(ownerOnly(join(directory, 'keystore.sqlite')));
    database.exec(`
      PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA secure_delete = on;
      CREATE TABLE IF NOT EXISTS user (
        userId TEXT PRIMARY KEY, role TEXT NOT NULL, certificate TEXT NOT NULL, sealedKey BLOB NOT NULL
      ) STRICT, WITHOUT ROWID;`);
    return new Keystore(database, key);
  }

  /** Durable on return. Replaces an earlier certificate of the user. */
  put(userId: UserId, role: Role, pair: KeyPair): void {
    this.#opened.delete(userId);
    const sealed = seal(this.#key, binding(userId, pair.certificate), utf8(pair.privateKey));
    this.#database
      .prepare('INSERT OR REPLACE INTO user (userId, role, certificate, sealedKey) VALUES (?, ?, ?, ?)')
      .run(userId, role, pair.certificate, sealed);
  }

  /** @throws ExchangeError FORBIDDEN when this server keeps no key of the user, or the stored key was altered */
  keyPair(userId: UserId): KeyPair {
    const opened = this.#opened.get(userId);
    if (opened !== undefined) return opened;
    const row = this.#database
      .prepare('SELECT certificate, sealedKey FROM user WHERE userId = ?')
      .get(userId) as { certificate: string; sealedKey: Uint8Array } | undefined;
    if (row === undefined) throw new ExchangeError('FORBIDDEN', 'This server keeps no key of the user');
    const privateKey = open(this.#key, binding(userId, row.certificate), row.sealedKey);
    const pair = { certificate: row.certificate, privateKey: new TextDecoder().decode(privateKey) };
    if (this.#opened.size >= MAX_OPENED) this.#opened.clear();
    this.#opened.set(userId, pair);
    return pair;
  }

  users(): readonly StoredUser[] {
    return this.#database
      .prepare('SELECT userId, role, certificate FROM user ORDER BY userId')
      .all() as never;
  }

  remove(userId: UserId): void {
    this.#opened.delete(userId);
    this.#database.prepare('DELETE FROM user WHERE userId = ?').run(userId);
  }

  close(): void {
    this.#opened.clear();
    this.#database.close();
  }
}

function openKeyFile(path: string): Uint8Array {
  if (!existsSync(path)) writeDurably(path, randomBytes(KEY_BYTES));
  const key = readFileSync(path);
  if (key.length !== KEY_BYTES) throw new ExchangeError('INVALID', `${path} is not a keystore key`);
  return key;
}

function binding(userId: UserId, certificate: string): Uint8Array {
  return labelled('keystore', utf8(userId), createHash('sha256').update(certificate).digest());
}

function seal(key: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  try {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(aad);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const body = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch (cause) {
    throw new ExchangeError('FORBIDDEN', 'The stored key of the user cannot be opened', { cause });
  }
}
