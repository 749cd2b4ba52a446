import { mspId, personId, sha256Hex } from '@healthchain/core';
import type { Answer, LogAnswer, Tip } from '@healthchain/custody';
import { z } from 'zod';

/**
 * The custody API: POST with JSON over HTTPS, both sides with a TLS certificate of a member. One route a row; `channel` stands in
 * every body. A failure answers `{ code, message }`, a status of 4xx or 503 and nothing else.
 */
export const CUSTODY_ROUTES = {
  release: '/custody/v1/release',
  log: '/custody/v1/log',
  height: '/custody/v1/height',
  block: '/custody/v1/block',
  match: '/custody/v1/match',
} as const;
export type CustodyRoute = keyof typeof CUSTODY_ROUTES;

/** The largest body accepted: a request at its own limit, escaped as a JSON string. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;
/** The largest answer accepted: 1,000 sealed shares and their log entries, or one person's log. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Identifiers that one match may ask for. */
export const MAX_MATCH_IDENTIFIERS = 20;

const channel = z.string().min(1).max(249);
const signedRequest = z.strictObject({
  body: z.string(),
  personSignature: z.string().max(256).optional(),
  serverSignature: z.string().max(256),
});

export const routeBodies = {
  release: z.strictObject({ channel, request: signedRequest }),
  log: z.strictObject({ channel, request: signedRequest }),
  height: z.strictObject({ channel }),
  block: z.strictObject({ channel, height: z.int().min(0) }),
  match: z.strictObject({
    channel,
    requestId: z.uuid(),
    keyVersion: z.int().min(1),
    /** HMAC(matching key version, system ‖ value), hex: the identifiers themselves do not travel. */
    indexKeys: z.array(sha256Hex).min(1).max(MAX_MATCH_IDENTIFIERS),
    subject: z.strictObject({ mspId, userId: personId }),
  }),
} as const satisfies Record<CustodyRoute, z.ZodType>;

export interface RouteAnswers {
  readonly release: Answer;
  readonly log: LogAnswer;
  readonly height: Tip;
  /** Header and metadata of a block of the own peer, base64: what the orderers signed. */
  readonly block: { readonly proof: string };
  readonly match: { readonly persons: readonly string[] };
}

export type RouteBody<Route extends CustodyRoute> = z.infer<(typeof routeBodies)[Route]>;
