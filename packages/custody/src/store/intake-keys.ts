import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fromHex, intakeKeyId, toHex, type Bytes } from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import { X_WING, X_WING_SEED_LENGTH, type XWingPrivateKey } from '../hpke/x-wing.ts';
import type { Randomness } from '../ports.ts';

const FORMAT = 'healthchain/v1/intake-key';
const SUFFIX = '.key';

/**
 * The private halves of intake keys: one small file each, so that destroying one rewrites no other (custody.md section 3). Never
 * backed up.
 */
export class IntakeKeyFiles {
  readonly #directory: string;
  readonly #owner: { readonly channel: string; readonly mspId: string };
  readonly #loaded = new Map<string, XWingPrivateKey>();

  constructor(directory: string, owner: { readonly channel: string; readonly mspId: string }) {
    this.#directory = directory;
    this.#owner = owner;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#removeUnfinished();
  }

  /** Durable on return. */
  create(random: Randomness): { keyId: string; publicKey: Bytes } {
    const seed = random(X_WING_SEED_LENGTH);
    const key = X_WING.importPrivate(seed);
    const publicKey = key.publicKey.bytes;
    const keyId = intakeKeyId(this.#owner.channel, this.#owner.mspId, publicKey);
    writeDurably(this.#directory, keyId + SUFFIX, `${FORMAT}\n${toHex(seed)}\n`);
    seed.fill(0);
    this.#loaded.set(keyId, key);
    return { keyId, publicKey };
  }

  /** Undefined when the key is not here: destroyed, or another custodian's. @throws CustodyError MALFORMED */
  load(keyId: string): XWingPrivateKey | undefined {
    const loaded = this.#loaded.get(keyId);
    if (loaded !== undefined) return loaded;
    if (!this.list().includes(keyId)) return undefined;
    const [format, seed] = readFileSync(this.#file(keyId), 'utf8').split('\n');
    if (format !== FORMAT) throw new CustodyError('MALFORMED', `${keyId}${SUFFIX} is not an intake key`);
    const key = X_WING.importPrivate(fromHex(seed ?? ''));
    this.#loaded.set(keyId, key);
    return key;
  }

  list(): string[] {
    return readdirSync(this.#directory)
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
      .sort();
  }

  /** Overwritten, then unlinked; both durable on return. Below the file system only disk encryption helps (custody.md section 6). */
  destroy(keyId: string, random: Randomness): void {
    this.#loaded.delete(keyId);
    if (!this.list().includes(keyId)) return;
    const file = this.#file(keyId);
    const handle = openSync(file, 'r+');
    try {
      writeSync(handle, random(statSync(file).size), 0, null, 0);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    unlinkSync(file);
    syncDirectory(this.#directory);
  }

  #file(keyId: string): string {
    return join(this.#directory, keyId + SUFFIX);
  }

  /** A key whose file was not finished is on no ledger. */
  #removeUnfinished(): void {
    for (const name of readdirSync(this.#directory)) {
      if (name.endsWith('.part')) rmSync(join(this.#directory, name));
    }
  }
}

function writeDurably(directory: string, name: string, text: string): void {
  const part = join(directory, `${name}.part`);
  const handle = openSync(part, 'wx', 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(part, join(directory, name));
  syncDirectory(directory);
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
