import { CodedError } from '@healthchain/core';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { FHIR_PATH } from '../config/index.ts';
import { initialiseValidation } from '../fhir/index.ts';
import { readiness } from '../observe/index.ts';
import { allParameters, BODY_TYPES, FORM_TYPE, lazyBody } from './bodies.ts';
import type { Caller } from '../ports.ts';
import type { ServerContext } from './context.ts';
import { FAILURES, RestError, type RestErrorCode } from './error.ts';
import { assertAcceptable, FHIR_JSON } from './headers.ts';
import { INTERACTIONS, type Interaction } from './interactions.ts';
import { outcomeOf, restErrorOf } from './outcome.ts';
import { perform } from './perform.ts';
import { newRequestId, requestIdHeaders } from './request-id.ts';
import { methodsOf } from './routing.ts';
import { endOfSlot } from './slots.ts';
import { refuseUnparsed } from './unparsed.ts';
import type { RequestHeaders, RestAnswer, RestRequest } from './visit.ts';

/** Longest part of a path that is looked at. */
const MAX_PATH_PART = 200;
/** Whoever has not sent its request by then is cut off. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Answers hold health data: no cache keeps them, no browser guesses at them or shows them inside another page. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
}

/**
 * The HTTP application of one organisation, not listening yet. Closing it ends its own requests, nothing of the context.
 *
 * @param tls absent: plain HTTP
 */
export function buildServer(context: ServerContext, tls?: ServerTls): FastifyInstance {
  const app = Fastify({
    https: tls === undefined ? null : { ...tls, minVersion: 'TLSv1.2' },
    bodyLimit: context.limits.maxBodyBytes,
    genReqId: newRequestId,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: MAX_PATH_PART, ignoreTrailingSlash: true },
    clientErrorHandler: refuseUnparsed,
    frameworkErrors: (error, request, reply) => void sendUnrouted(context, request, reply, error),
  });
  app.addHook('onReady', async () => initialiseValidation());
  takeBodies(app);
  observe(app, context);
  for (const row of INTERACTIONS) addInteraction(app, context, row);
  addOperations(app, context);
  app.setErrorHandler((error, request, reply) => sendFailure(context, request, reply, error));
  app.setNotFoundHandler((request, reply) => sendFailure(context, request, reply, noRoute(request)));
  return app;
}

/** Bodies stay bytes until a step parses them. A charset other than UTF-8 is an unsupported media type. */
function takeBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...BODY_TYPES, FORM_TYPE], { parseAs: 'buffer' }, (request, body, done) => {
    const charset = /;\s*charset="?([^";]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
    if (charset === undefined || /^utf-?8$/i.test(charset)) done(null, body);
    else done(new RestError('MEDIA_TYPE', 'The body must be UTF-8'));
  });
}

function observe(app: FastifyInstance, { metrics, logger }: ServerContext): void {
  app.addHook('onRequest', async (request, reply) => {
    metrics.inFlight.inc();
    void reply.headers({ ...SECURITY_HEADERS, ...requestIdHeaders(request.id, request.headers) });
  });
  app.addHook('onResponse', async (request, reply) => {
    metrics.inFlight.dec();
    const route = templateOf(request);
    const status = reply.statusCode;
    const code = failures.get(request);
    metrics.request.observe(
      { route, method: request.method, status: String(status) },
      reply.elapsedTime / 1_000,
    );
    logger.info(
      {
        requestId: request.id,
        route,
        method: request.method,
        status,
        ms: Math.round(reply.elapsedTime * 10) / 10,
        ...(code === undefined ? {} : { code }),
      },
      'request',
    );
  });
}

/** What the log and the metrics call a request: never its URL. */
function templateOf(request: FastifyRequest): string {
  const { config, url } = request.routeOptions;
  const { template } = config as { readonly template?: string };
  return template === undefined ? (url ?? 'none') : `${FHIR_PATH}${template}`;
}

/** What went wrong, for the line that the log gets at the end. */
const failures = new WeakMap<FastifyRequest, RestErrorCode>();

/** What may stand for `:type`: no `_history`, no `$operation`. */
const TYPE_PART = ':type(^[A-Z][A-Za-z]*$)';

/** Known before the body is taken in. */
const callers = new WeakMap<FastifyRequest, Caller>();

function addInteraction(app: FastifyInstance, context: ServerContext, row: Interaction): void {
  const url = row.path === '/' ? FHIR_PATH : `${FHIR_PATH}${row.path.replace(':type', TYPE_PART)}`;
  app.route({
    method: row.method,
    url,
    config: { template: row.path },
    onRequest: async (request) => {
      if (row.steps.includes('authenticate')) callers.set(request, await callerOf(context, request));
    },
    handler: async (request, reply) => {
      const startedAt = performance.now() - reply.elapsedTime;
      const caller = callers.get(request);
      const rest = restRequestOf(context, row, request);
      const answer = await perform({ server: context, row, request: rest, requestId: request.id, caller });
      if (answer.slotted === true) await endOfSlot(startedAt, context.limits.refusalSlotMs);
      return send(request, reply, answer);
    },
  });
}

async function callerOf(context: ServerContext, request: FastifyRequest): Promise<Caller> {
  const caller = await context.tokens.verify(request.headers.authorization, context.clock());
  if (context.exchange.knows(caller)) return caller;
  throw new RestError(
    'FORBIDDEN',
    'The certificate of this user is revoked, expired or of another role, or the user is suspended',
  );
}

function restRequestOf(context: ServerContext, row: Interaction, request: FastifyRequest): RestRequest {
  const isForm = (request.headers['content-type'] ?? '').startsWith(FORM_TYPE);
  if (isForm && !row.path.endsWith('/_search'))
    throw new RestError('MEDIA_TYPE', 'The body must be application/fhir+json');
  const parameters = allParameters(request.url, request.body, isForm);
  const format = parameters.get('_format');
  assertAcceptable(request.headers.accept, format ?? undefined);
  parameters.delete('_format');
  parameters.delete('_pretty');
  return {
    method: row.method,
    pathname: (request.url.split('?', 1)[0] ?? '').slice(FHIR_PATH.length).replace(/\/$/, ''),
    path: request.params as Record<string, string>,
    parameters,
    headers: request.headers as RequestHeaders,
    body: lazyBody(isForm ? undefined : request.body, context.limits.maxBodyBytes),
  };
}

function send(request: FastifyRequest, reply: FastifyReply, answer: RestAnswer): FastifyReply {
  void reply.code(answer.status).headers(answer.headers ?? {});
  if (answer.body === undefined) return reply.send();
  return reply.send(isPretty(request) ? indented(answer.body) : answer.body);
}

function isPretty(request: FastifyRequest): boolean {
  return /[?&]_pretty=true(&|$)/.test(request.url);
}

/** The same JSON with line breaks; numbers stay as written. */
function indented(text: string): string {
  const parsed: unknown = JSON.parse(text, (_key, value: unknown, place?: { readonly source?: string }) =>
    typeof value === 'number' && place?.source !== undefined ? JSON.rawJSON(place.source) : value,
  );
  return JSON.stringify(parsed, null, 2);
}

/** Codes whose answer must not tell by its time whether there was something to refuse. */
const SLOTTED: ReadonlySet<RestErrorCode> = new Set(['NOT_FOUND', 'FORBIDDEN']);

async function sendFailure(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  cause: unknown,
): Promise<FastifyReply> {
  const failure = failureOf(context, cause);
  failures.set(request, failure.code);
  if (failure.code === 'INTERNAL')
    context.logger.error({ requestId: request.id, err: failure.cause }, 'failure');
  if (SLOTTED.has(failure.code))
    await endOfSlot(performance.now() - reply.elapsedTime, context.limits.refusalSlotMs);
  void reply.code(FAILURES[failure.code].status).headers({ 'content-type': FHIR_JSON, ...failure.headers });
  const body = JSON.stringify(outcomeOf(failure.issues));
  return reply.send(isPretty(request) ? indented(body) : body);
}

/** A limit is named in its refusal. */
function failureOf({ limits }: ServerContext, cause: unknown): RestError {
  const failure = restErrorOf(cause);
  if (failure.code !== 'TOO_LARGE' || failure.cause instanceof CodedError) return failure;
  if (!(failure.cause instanceof Error)) return failure;
  return new RestError('TOO_LARGE', `A body has at most ${limits.maxBodyBytes} bytes`, { cause });
}

/** What the router cannot read comes past the hooks. */
async function sendUnrouted(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  cause: unknown,
): Promise<void> {
  void reply.headers({ ...SECURITY_HEADERS, ...requestIdHeaders(request.id, request.headers) });
  await sendFailure(context, request, reply, cause);
  const { method, id: requestId } = request;
  context.logger.info(
    { requestId, method, status: reply.statusCode, code: failures.get(request) },
    'request',
  );
}

function noRoute(request: FastifyRequest): RestError {
  const pathname = request.url.split('?', 1)[0] ?? '';
  const methods = pathname.startsWith(FHIR_PATH) ? methodsOf(pathname.slice(FHIR_PATH.length)) : [];
  if (methods.length === 0) return new RestError('UNKNOWN_PATH', 'No such path');
  return new RestError('METHOD_NOT_ALLOWED', `${request.method} is not possible here`, {
    details: { headers: { allow: methods.join(', ') } },
  });
}

/** What operators and monitors ask; nothing of it needs a token, and nothing of it is about persons. */
function addOperations(app: FastifyInstance, context: ServerContext): void {
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const state = await readiness(context.readinessChecks);
    return reply
      .code(state.ready ? 200 : 503)
      .send({ status: state.ready ? 'ok' : 'not ready', checks: state.checks });
  });
  app.get('/metrics', async (_request, reply) => {
    const text = await context.metrics.registry.metrics();
    return reply.type(context.metrics.registry.contentType).send(text);
  });
}
