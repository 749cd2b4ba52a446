import { Agent, request as httpsRequest } from 'node:https';
import type { Member, TlsIdentity } from '../context.ts';
import { ExchangeError } from '../error.ts';
import {
  CUSTODY_ROUTES,
  MAX_ANSWER_BYTES,
  type CustodyRoute,
  type RouteAnswers,
  type RouteBody,
} from './protocol.ts';

/** A custodian that has not answered by then counts as down. */
const CUSTODY_DEADLINE_MS = 5_000;
const MAX_SOCKETS = 32;

/** What another organisation's custodian answered instead of serving: the request was read and refused. */
export class CustodyRefusal extends ExchangeError {
  readonly custodyCode: string;

  constructor(custodyCode: string, message: string, mspId: string) {
    super('FORBIDDEN', message, { details: { custodian: mspId, custodyCode } });
    this.custodyCode = custodyCode;
  }
}

/** Connections to one member's custody API. Only a certificate under that member's own TLS roots is accepted as the member. */
export class CustodyClient {
  readonly mspId: string;
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(member: Member, tls: TlsIdentity) {
    const root = tls.roots[member.mspId];
    if (root === undefined) throw new ExchangeError('INVALID', `No TLS roots of ${member.mspId} are known`);
    this.mspId = member.mspId;
    this.#url = new URL(member.custodyUrl);
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: MAX_SOCKETS,
      cert: tls.certificate,
      key: tls.privateKey,
      ca: root,
      minVersion: 'TLSv1.3',
      // Who it is follows from the member's own root; addresses move.
      checkServerIdentity: () => undefined,
    });
  }

  /** @throws CustodyRefusal, or ExchangeError UNAVAILABLE when nobody answered */
  async call<Route extends CustodyRoute>(
    route: Route,
    body: RouteBody<Route>,
    options: { readonly signal?: AbortSignal; readonly deadlineMs?: number } = {},
  ): Promise<RouteAnswers[Route]> {
    const deadline = AbortSignal.timeout(options.deadlineMs ?? CUSTODY_DEADLINE_MS);
    const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
    const { status, text } = await this.#post(CUSTODY_ROUTES[route], JSON.stringify(body), signal);
    const answer = parse(text, this.mspId);
    if (status === 200) return answer as RouteAnswers[Route];
    const { code, message } = answer as { readonly code?: unknown; readonly message?: unknown };
    throw new CustodyRefusal(String(code), String(message), this.mspId);
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(
    path: string,
    body: string,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void =>
        reject(new ExchangeError('UNAVAILABLE', `The custodian of ${this.mspId} did not answer`, { cause }));
      const request = httpsRequest(
        {
          agent: this.#agent,
          host: this.#url.hostname,
          port: this.#url.port,
          path,
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
          signal,
        },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > MAX_ANSWER_BYTES) response.destroy(new Error('The answer is too large'));
            else chunks.push(chunk);
          });
          response.on('error', fail);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
        },
      );
      request.on('error', fail);
      request.end(body);
    });
  }
}

function parse(text: string, mspId: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ExchangeError('UNAVAILABLE', `The custodian of ${mspId} answered something else than JSON`, {
      cause,
    });
  }
}
