import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex, type Role } from '@healthchain/core';
import { enroll } from '@healthchain/ledger';
import type { KeyPair } from '@healthchain/server';
import { ledgerDirectory, serverDirectory, type OrganisationState, type UserState } from './state.ts';

/**
 * The organisation's own identities (`server`, `administrator`): enrolled once, kept as PEM files of mode 0600 in the server's
 * directory. Their user ids are random, like everyone's.
 */
export async function ownIdentity(
  data: string,
  organisation: OrganisationState,
  role: Extract<Role, 'server' | 'administrator'>,
): Promise<KeyPair> {
  const directory = join(serverDirectory(data, organisation), 'identities');
  const [certificateFile, keyFile] = [join(directory, `${role}.pem`), join(directory, `${role}.key`)];
  if (!existsSync(certificateFile)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const userId = toHex(crypto.getRandomValues(new Uint8Array(16)));
    const ou = role === 'administrator' ? 'admin' : 'client';
    const pair = await enrolUser(data, organisation, { userId, role }, ou);
    writeFileSync(keyFile, pair.privateKey, { mode: 0o600, flush: true });
    writeFileSync(certificateFile, pair.certificate, { mode: 0o600, flush: true });
  }
  return { certificate: readFileSync(certificateFile, 'utf8'), privateKey: readFileSync(keyFile, 'utf8') };
}

/** A certificate that carries the random user id and the role, and nothing else about the person. */
export function enrolUser(
  data: string,
  organisation: OrganisationState,
  user: Pick<UserState, 'userId' | 'role'>,
  ou: 'client' | 'admin' = 'client',
): Promise<KeyPair> {
  return enroll({
    directory: ledgerDirectory(data),
    mspId: organisation.mspId,
    ou,
    commonName: user.userId,
    attributes: { role: user.role, userId: user.userId },
  });
}
