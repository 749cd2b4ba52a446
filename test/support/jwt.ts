import { createPrivateKey, randomUUID, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { organisationOf } from '@healthchain/cli';
import type { StoryConsortium } from './consortium.ts';
import type { OrganisationName } from './users.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** A JWT as RFC 7515 writes it, whatever it claims. */
export function signedJwt(
  claims: Claims,
  key: KeyObject,
  header: Claims = { alg: 'ES256', typ: 'JWT' },
): string {
  const signed = `${encoded(header)}.${encoded(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** A JWT that nobody signed (RFC 7519 section 6). */
export function unsecuredJwt(claims: Claims): string {
  return `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims)}.`;
}

/** The key with which the organisation signs its users' tokens. */
export function tokenKeyOf({ data }: StoryConsortium, organisation: OrganisationName): KeyObject {
  return createPrivateKey(readFileSync(join(data, organisation, 'token-key.pem')));
}

/** Claims that the organisation's server takes, if a user, role and purpose of it are added. */
export function claimsOf({ consortium }: StoryConsortium, name: OrganisationName, more: Claims): Claims {
  const { mspId, port } = organisationOf(consortium.state, name);
  const issuer = `http://127.0.0.1:${port}`;
  const now = Math.floor(Date.now() / 1_000);
  return {
    iss: issuer,
    aud: `${issuer}/fhir`,
    msp: mspId,
    jti: randomUUID(),
    iat: now,
    exp: now + 600,
    ...more,
  };
}

function encoded(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
