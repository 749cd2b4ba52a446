import { generateKeyPairSync } from 'node:crypto';
import type { OrganisationKind } from '@healthchain/core';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { createTokenVerifier, mintToken, type TokenScope } from '../../auth/index.ts';
import { createLogger, createMetrics, observedExchange } from '../../observe/index.ts';
import type { Caller } from '../../ports.ts';
import type { ServerContext } from '../context.ts';
import { createCursors } from '../cursor.ts';
import { buildServer } from '../server.ts';
import { KeyedLocks } from '../write/locks.ts';
import type { Consortium } from './consortium.ts';

const KEYS = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const AT = new Date('2026-03-01T10:00:00Z');
const BASES = ['http://north.test/fhir', 'http://south.test/fhir'] as const;

export interface TestServer {
  readonly app: FastifyInstance;
  readonly context: ServerContext;
  /** What was logged, as lines of JSON. */
  readonly log: string[];
  token(role: Caller['role'], purpose: Caller['purpose'], user?: string): Promise<string>;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD';
  readonly url: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The server of one organisation of a consortium in memory, with its real HTTP application. */
export async function serverOf(
  consortium: Consortium,
  name: 'north' | 'south',
  settings: Partial<ServerContext['limits']> & { readonly kind?: OrganisationKind } = {},
): Promise<TestServer> {
  const { kind = 'hospital', ...limits } = settings;
  const mspId = name === 'north' ? 'NorthMSP' : 'SouthMSP';
  const baseUrl = `http://${name}.test/fhir`;
  const scope: TokenScope = { mspId, kind, issuer: baseUrl, audience: baseUrl };
  const { exchange, store } = consortium.join(mspId, BASES);
  const metrics = createMetrics(mspId);
  const log: string[] = [];
  const context: ServerContext = {
    organisation: { mspId, kind, name: name === 'north' ? 'North Hospital' : 'South Hospital' },
    baseUrl,
    memberBases: BASES,
    exchange: observedExchange(exchange, metrics),
    store,
    tokens: createTokenVerifier(scope, KEYS.publicKey),
    cursors: createCursors(new Uint8Array(32)),
    locks: new KeyedLocks(),
    logger: createLogger({ level: 'debug', mspId }, { write: (line) => void log.push(line) }),
    metrics,
    readinessChecks: [],
    clock: () => AT,
    limits: { maxBodyBytes: 1_000_000, maxBundleEntries: 200, refusalSlotMs: 0, ...limits },
    version: '0.1.0',
  };
  const signing = { privateKey: KEYS.privateKey, algorithm: 'ES256' } as const;
  const token: TestServer['token'] = (role, purpose, user = 'a') =>
    mintToken(scope, signing, { userId: user.repeat(32), role, purpose, seconds: 3_600 }, AT);
  const app = buildServer(context);
  await app.ready();
  return { app, context, log, token };
}

/** One request; a body that is no string is sent as FHIR JSON. */
export async function call(
  { app }: TestServer,
  { method = 'GET', url, token, body, headers = {} }: Call,
): Promise<LightMyRequestResponse> {
  return app.inject({
    method,
    url: url.startsWith('http') ? url.replace(/^http:\/\/[^/]+/, '') : url,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}
