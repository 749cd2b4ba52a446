import { createHmac, generateKeyPairSync } from 'node:crypto';
import type { StoryConsortium } from './consortium.ts';
import { claimsOf, signedJwt, tokenKeyOf, unsecuredJwt, type Claims } from './jwt.ts';
import { addUser, type TestUser } from './users.ts';

/** The longest that a token may be valid. */
const MAX_TOKEN_SECONDS = 31 * 24 * 3_600;

export interface BadToken {
  readonly name: string;
  /** The Authorization header; undefined: none. */
  readonly authorization: () => Promise<string | undefined>;
  readonly status: 401 | 403;
  readonly code: 'login' | 'forbidden';
}

/** Tokens that North's server refuses, most of them signed with North's own key. */
export function badTokens(story: () => StoryConsortium, doctor: () => TestUser): readonly BadToken[] {
  const good = (): Claims => ({ sub: doctor().userId, role: 'doctor', purpose: 'TREAT' });
  const claims = (more: Claims = {}): Claims => claimsOf(story(), 'north', { ...good(), ...more });
  const key = () => tokenKeyOf(story(), 'north');
  const now = (): number => Math.floor(Date.now() / 1_000);
  const bearer = (token: string): string => `Bearer ${token}`;
  const unauthenticated = (name: string, token: () => string): BadToken => ({
    name,
    authorization: () => Promise.resolve(bearer(token())),
    status: 401,
    code: 'login',
  });
  const forbidden = (name: string, more: Claims): BadToken => ({
    name,
    authorization: () => Promise.resolve(bearer(signedJwt(claims(more), key()))),
    status: 403,
    code: 'forbidden',
  });
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const spoiltClaims = (): string => {
    const [header, , signature] = signedJwt(claims(), key()).split('.');
    const [, payload] = signedJwt(claims({ sub: 'c'.repeat(32) }), key()).split('.');
    return `${header}.${payload}.${signature}`;
  };
  const hmac = (): string => {
    const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
    const signed = `${header}.${Buffer.from(JSON.stringify(claims())).toString('base64url')}`;
    const secret = key().export({ type: 'pkcs8', format: 'pem' });
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
  return [
    { name: 'no token', authorization: async () => undefined, status: 401, code: 'login' },
    { name: 'no bearer token', authorization: async () => 'Basic YTpi', status: 401, code: 'login' },
    unauthenticated('no JWT', () => 'a.b.c'),
    unauthenticated('a token that somebody else signed', () => signedJwt(claims(), stranger)),
    unauthenticated('a token whose claims were changed', spoiltClaims),
    unauthenticated('a token without signature', () => unsecuredJwt(claims())),
    unauthenticated('a token of another algorithm', hmac),
    unauthenticated('an expired token', () =>
      signedJwt(claims({ iat: now() - 7_200, exp: now() - 3_600 }), key()),
    ),
    unauthenticated('a token that is not valid yet', () => signedJwt(claims({ nbf: now() + 600 }), key())),
    unauthenticated('a token without end', () => signedJwt(claims({ exp: undefined }), key())),
    unauthenticated('a token for too long', () =>
      signedJwt(claims({ exp: now() + MAX_TOKEN_SECONDS + 60 }), key()),
    ),
    unauthenticated('a token for another server', () =>
      signedJwt(claims({ aud: 'http://127.0.0.1:1/fhir' }), key()),
    ),
    unauthenticated('a token that names another organisation', () =>
      signedJwt(claims({ msp: 'SouthMSP' }), key()),
    ),
    unauthenticated('a token of nobody', () => signedJwt(claims({ sub: '../../etc/passwd' }), key())),
    unauthenticated('a token of an unknown role', () => signedJwt(claims({ role: 'surgeon' }), key())),
    {
      name: 'a token of another organisation',
      authorization: async () => bearer(await (await addUser(story(), 'south', 'doctor')).token()),
      status: 401,
      code: 'login',
    },
    forbidden('a role of another kind of organisation', { role: 'regulator', purpose: 'PUBHLTH' }),
    forbidden('the role of a server', { role: 'server', purpose: 'HOPERAT' }),
    forbidden('a purpose that the role does not have', { purpose: 'HRESCH' }),
  ];
}
