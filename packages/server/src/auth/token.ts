import { createHash, type KeyObject } from 'node:crypto';
import { type OrganisationKind, PURPOSES, ROLES, ROLES_OF_KIND, randomUuid } from '@healthchain/core';
import { ROLE_RULES } from '@healthchain/contracts';
import { decodeJwt, errors as jose, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Caller } from '../ports.ts';
import { AuthError, type AuthErrorCode } from './error.ts';

/** Longest validity of a token, in seconds: 31 days. */
export const MAX_TOKEN_SECONDS = 31 * 24 * 3_600;
/** Verified tokens remembered by their hash, so that a session pays for one signature check. */
const MAX_REMEMBERED_TOKENS = 10_000;
/** Largest `Authorization` header looked at, in characters. */
const MAX_TOKEN_CHARACTERS = 4_096;
const ALGORITHMS = ['ES256', 'EdDSA'] as const;
export type TokenAlgorithm = (typeof ALGORITHMS)[number];

/** What a token of one organisation's server must say about itself. */
export interface TokenScope {
  readonly mspId: string;
  readonly kind: OrganisationKind;
  /** `iss`: who signs the tokens of this organisation. */
  readonly issuer: string;
  /** `aud`: the FHIR base URL of this organisation's server. */
  readonly audience: string;
}

const claimsShape = z.object({
  sub: z.string().regex(/^[0-9a-f]{32}$/),
  role: z.enum(ROLES),
  purpose: z.enum(PURPOSES),
  msp: z.string().min(1).max(64),
  jti: z.string().min(1).max(64),
  iat: z.int(),
  exp: z.int(),
});
type Claims = z.infer<typeof claimsShape>;

export interface TokenRequest {
  /** 32 hexadecimal digits, as in the user's certificate. */
  readonly userId: string;
  readonly role: Caller['role'];
  readonly purpose: Caller['purpose'];
  /** At most MAX_TOKEN_SECONDS. */
  readonly seconds: number;
}

/**
 * Signs a bearer token with the organisation's token key.
 *
 * @throws AuthError ROLE_NOT_ALLOWED, PURPOSE_NOT_ALLOWED, TOO_LONG: no token is minted that the server would refuse
 */
export async function mintToken(
  scope: TokenScope,
  key: { readonly privateKey: KeyObject; readonly algorithm: TokenAlgorithm },
  request: TokenRequest,
  at: Date,
): Promise<string> {
  const caller: Caller = {
    mspId: scope.mspId,
    userId: request.userId,
    role: request.role,
    purpose: request.purpose,
  };
  assertAllowed(scope, caller);
  if (request.seconds > MAX_TOKEN_SECONDS) throw tooLong();
  const issuedAt = Math.floor(at.getTime() / 1_000);
  return new SignJWT({ role: request.role, purpose: request.purpose, msp: scope.mspId })
    .setProtectedHeader({ alg: key.algorithm, typ: 'JWT' })
    .setIssuer(scope.issuer)
    .setAudience(scope.audience)
    .setSubject(request.userId)
    .setJti(randomUuid())
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + request.seconds)
    .sign(key.privateKey);
}

export interface TokenVerifier {
  /**
   * The caller of an `Authorization` header.
   *
   * @throws AuthError any of its codes; nothing of the request may be looked at before
   */
  verify(authorization: string | undefined, at: Date): Promise<Caller>;
}

export function createTokenVerifier(scope: TokenScope, publicKey: KeyObject): TokenVerifier {
  const remembered = new Map<string, { readonly caller: Caller; readonly expires: number }>();
  return {
    async verify(authorization, at) {
      const token = bearerToken(authorization);
      const key = createHash('sha256').update(token).digest('base64');
      const known = remembered.get(key);
      if (known !== undefined && known.expires * 1_000 > at.getTime()) return known.caller;
      remembered.delete(key);
      const claims = await verifiedClaims(scope, publicKey, token, at);
      const caller = callerOf(scope, claims);
      if (remembered.size >= MAX_REMEMBERED_TOKENS)
        remembered.delete(remembered.keys().next().value as string);
      remembered.set(key, { caller, expires: claims.exp });
      return caller;
    },
  };
}

function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined) throw new AuthError('MISSING', 'A bearer token is needed');
  const token = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i.exec(authorization)?.[1];
  if (token === undefined || token.length > MAX_TOKEN_CHARACTERS) {
    throw new AuthError('MALFORMED', 'The Authorization header holds no bearer token');
  }
  return token;
}

async function verifiedClaims(scope: TokenScope, key: KeyObject, token: string, at: Date): Promise<Claims> {
  if (claimedIssuer(token) !== scope.issuer) throw otherOrganisation();
  const { payload } = await jwtVerify(token, key, {
    algorithms: [...ALGORITHMS],
    issuer: scope.issuer,
    audience: scope.audience,
    currentDate: at,
    requiredClaims: ['iss', 'aud', 'sub', 'exp', 'iat', 'jti'],
  }).catch((cause: unknown) => {
    throw translated(cause);
  });
  const claims = claimsShape.safeParse(payload);
  if (!claims.success) {
    const name = String(claims.error.issues[0]?.path[0] ?? 'claims');
    throw new AuthError('MALFORMED', `The token's claim ${name} is missing or not valid`);
  }
  return claims.data;
}

function callerOf(scope: TokenScope, claims: Claims): Caller {
  if (claims.msp !== scope.mspId) throw otherOrganisation();
  if (claims.exp - claims.iat > MAX_TOKEN_SECONDS) throw tooLong();
  const caller: Caller = {
    mspId: scope.mspId,
    userId: claims.sub,
    role: claims.role,
    purpose: claims.purpose,
  };
  assertAllowed(scope, caller);
  return caller;
}

/** A server identity signs transactions and never asks over FHIR. */
function assertAllowed(scope: TokenScope, { role, purpose }: Caller): void {
  if (role === 'server' || !ROLES_OF_KIND[scope.kind].includes(role)) {
    throw new AuthError('ROLE_NOT_ALLOWED', `The role ${role} has no access to this server`);
  }
  if (!ROLE_RULES[role].purposes.includes(purpose)) {
    throw new AuthError('PURPOSE_NOT_ALLOWED', `The purpose ${purpose} is not open to the role ${role}`);
  }
}

/** Unverified: good for naming the reason of a refusal, nothing else. */
function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch (cause) {
    throw new AuthError('MALFORMED', 'The token cannot be read', { cause });
  }
}

/** What jose refuses, as a closed code. */
const JOSE_CODES: Readonly<Record<string, AuthErrorCode>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'FORGED',
  ERR_JWT_EXPIRED: 'EXPIRED',
};
const CLAIM_CODES: Readonly<Record<string, AuthErrorCode>> = {
  iss: 'OTHER_ORGANISATION',
  aud: 'OTHER_ORGANISATION',
  nbf: 'NOT_YET_VALID',
};

const MESSAGES: Readonly<Partial<Record<AuthErrorCode, string>>> = {
  FORGED: 'The token is not signed by this organisation',
  EXPIRED: 'The token has expired',
  NOT_YET_VALID: 'The token is not valid yet',
  OTHER_ORGANISATION: 'The token was issued for another organisation',
};

function translated(cause: unknown): AuthError {
  if (!(cause instanceof jose.JOSEError))
    return new AuthError('MALFORMED', 'The token cannot be read', { cause });
  const byClaim =
    cause instanceof jose.JWTClaimValidationFailed && cause.reason !== 'missing'
      ? CLAIM_CODES[cause.claim]
      : undefined;
  const code = byClaim ?? JOSE_CODES[cause.code] ?? 'MALFORMED';
  return new AuthError(code, MESSAGES[code] ?? 'The token cannot be read', { cause });
}

function otherOrganisation(): AuthError {
  return new AuthError('OTHER_ORGANISATION', MESSAGES.OTHER_ORGANISATION as string);
}

function tooLong(): AuthError {
  return new AuthError('TOO_LONG', `A token is valid for at most ${MAX_TOKEN_SECONDS} seconds`);
}
