import { mkdir, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importPrivateKey, signDigestless } from '../crypto/index.ts';
import { LedgerError } from '../error.ts';
import { serializeIdentity } from '../msp/index.ts';
import type { SigningIdentity } from '../ordering/index.ts';

/** PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

const DIRECTORY_MODE = 0o700;
const KEY_MODE = 0o600;

export async function writeKeyPair(directory: string, name: string, pair: KeyPair): Promise<void> {
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  await writeFile(join(directory, `${name}.key`), pair.privateKey, { mode: KEY_MODE });
  await writeFile(join(directory, `${name}.pem`), pair.certificate);
}

/** @throws LedgerError BAD_NETWORK when it is not there */
export function readKeyPair(directory: string, name: string): KeyPair {
  try {
    return {
      certificate: readFileSync(join(directory, `${name}.pem`), 'utf8'),
      privateKey: readFileSync(join(directory, `${name}.key`), 'utf8'),
    };
  } catch (cause) {
    throw new LedgerError('BAD_NETWORK', `The key pair ${name} is missing in ${directory}`, { cause });
  }
}

export function signingIdentity(mspId: string, pair: KeyPair): SigningIdentity {
  const key = importPrivateKey(pair.privateKey);
  const serialized = serializeIdentity(mspId, pair.certificate);
  return { mspId, serialized, sign: (message) => signDigestless(key, message) };
}
