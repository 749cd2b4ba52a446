import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { AuthError, AuthErrorCode } from './error.ts';
import { createTokenVerifier, MAX_TOKEN_SECONDS, mintToken, type TokenScope } from './token.ts';

const north: TokenScope = {
  mspId: 'NorthMSP',
  kind: 'hospital',
  issuer: 'http://north.test/fhir',
  audience: 'http://north.test/fhir',
};
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const edwards = generateKeyPairSync('ed25519');
const others = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signing = { privateKey: keys.privateKey, algorithm: 'ES256' } as const;
const at = new Date('2026-03-01T10:00:00Z');
const later = (seconds: number): Date => new Date(at.getTime() + seconds * 1_000);
const alice = { userId: 'a'.repeat(32), role: 'doctor', purpose: 'TREAT', seconds: 3_600 } as const;
const verifier = createTokenVerifier(north, keys.publicKey);

const codeOf = async (attempt: Promise<unknown>): Promise<AuthErrorCode | 'none'> =>
  attempt.then(
    () => 'none' as const,
    (error: unknown) => (error as AuthError).code,
  );

/** A token with arbitrary claims, signed as told: what an attacker or a broken issuer could send. */
const raw = (claims: Record<string, unknown>, key = keys.privateKey, alg = 'ES256'): Promise<string> => {
  const seconds = Math.floor(at.getTime() / 1_000);
  const whole = {
    iss: north.issuer,
    aud: north.audience,
    sub: alice.userId,
    role: 'doctor',
    purpose: 'TREAT',
    msp: 'NorthMSP',
    jti: 'x',
    iat: seconds,
    exp: seconds + 60,
    ...claims,
  };
  return new SignJWT(whole).setProtectedHeader({ alg }).sign(key);
};
const verified = async (token: string, when = at) => verifier.verify(`Bearer ${token}`, when);

describe('bearer tokens', () => {
  it('names the caller of a minted token, again from memory', async () => {
    const token = await mintToken(north, signing, alice, at);
    const caller = { mspId: 'NorthMSP', userId: alice.userId, role: 'doctor', purpose: 'TREAT' };
    expect(await verified(token)).toEqual(caller);
    expect(await verified(token, later(3_599))).toEqual(caller);
  });

  it('accepts EdDSA', async () => {
    const token = await mintToken(north, { privateKey: edwards.privateKey, algorithm: 'EdDSA' }, alice, at);
    const caller = await createTokenVerifier(north, edwards.publicKey).verify(`Bearer ${token}`, at);
    expect(caller.role).toBe('doctor');
  });

  it('forgets a remembered token when it expires', async () => {
    const token = await mintToken(north, signing, alice, at);
    await verified(token);
    expect(await codeOf(verified(token, later(3_600)))).toBe('EXPIRED');
  });

  const refusals: readonly (readonly [string, () => Promise<string>, AuthErrorCode])[] = [
    ['a foreign signature', () => raw({}, others.privateKey), 'FORGED'],
    [
      'a foreign issuer',
      () => raw({ iss: 'http://south.test/fhir' }, others.privateKey),
      'OTHER_ORGANISATION',
    ],
    ['another server', () => raw({ aud: 'http://south.test/fhir' }), 'OTHER_ORGANISATION'],
    ['another member service', () => raw({ msp: 'SouthMSP' }), 'OTHER_ORGANISATION'],
    ['expiry', () => raw({ exp: Math.floor(at.getTime() / 1_000) - 1 }), 'EXPIRED'],
    ['a later start', () => raw({ nbf: Math.floor(at.getTime() / 1_000) + 100 }), 'NOT_YET_VALID'],
    ['no user', () => raw({ sub: undefined }), 'MALFORMED'],
    ['a user id of another form', () => raw({ sub: 'alice' }), 'MALFORMED'],
    ['an unknown role', () => raw({ role: 'surgeon' }), 'MALFORMED'],
    ['no expiry', () => raw({ exp: undefined }), 'MALFORMED'],
    [
      'excessive validity',
      () => raw({ exp: Math.floor(at.getTime() / 1_000) + MAX_TOKEN_SECONDS + 1 }),
      'TOO_LONG',
    ],
    ['a role of another kind', () => raw({ role: 'patient', purpose: 'PATRQT' }), 'ROLE_NOT_ALLOWED'],
    ['the server role', () => raw({ role: 'server' }), 'ROLE_NOT_ALLOWED'],
    ['a purpose that the role has not', () => raw({ purpose: 'HRESCH' }), 'PURPOSE_NOT_ALLOWED'],
    ['not a token', async () => 'a.b.c', 'MALFORMED'],
  ];
  it.each(refusals)('refuses %s', async (_name, token, code) => {
    expect(await codeOf(token().then((text) => verified(text)))).toBe(code);
  });

  it('refuses an unsigned token and one signed with the public key as secret', async () => {
    const [, payload] = (await raw({})).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.AA`;
    expect(await codeOf(verified(none))).toBe('MALFORMED');
    const secret = new TextEncoder().encode(
      keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    );
    const confused = await new SignJWT({ iss: north.issuer })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(secret);
    expect(await codeOf(verified(confused))).toBe('MALFORMED');
  });

  it('refuses a header that is absent or not a bearer token', async () => {
    expect(await codeOf(verifier.verify(undefined, at))).toBe('MISSING');
    expect(await codeOf(verifier.verify('Basic YTpi', at))).toBe('MALFORMED');
  });

  it('mints nothing that the server would refuse', async () => {
    expect(await codeOf(mintToken(north, signing, { ...alice, role: 'regulator' }, at))).toBe(
      'ROLE_NOT_ALLOWED',
    );
    expect(await codeOf(mintToken(north, signing, { ...alice, purpose: 'HRESCH' }, at))).toBe(
      'PURPOSE_NOT_ALLOWED',
    );
    expect(await codeOf(mintToken(north, signing, { ...alice, seconds: MAX_TOKEN_SECONDS + 1 }, at))).toBe(
      'TOO_LONG',
    );
  });
});
