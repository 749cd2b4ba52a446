import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { CustodyError } from '@healthchain/custody';
import type { ExchangeLog, TlsIdentity } from '../context.ts';
import { ExchangeError } from '../error.ts';
import {
  CUSTODY_ROUTES,
  MAX_BODY_BYTES,
  routeBodies,
  type CustodyRoute,
  type RouteAnswers,
  type RouteBody,
} from './protocol.ts';
import { memberOf } from './tls.ts';

/** Whoever has not sent its request by then is cut off. */
const REQUEST_TIMEOUT_MS = 10_000;

/** What serves each route. `member` is the organisation that mutual TLS proved. */
export type CustodyHandlers = {
  readonly [Route in CustodyRoute]: (body: RouteBody<Route>, member: string) => Promise<RouteAnswers[Route]>;
};

export interface CustodyServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function serveCustody(options: {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsIdentity;
  readonly handlers: CustodyHandlers;
  readonly log: ExchangeLog;
}): Promise<CustodyServer> {
  const { tls } = options;
  // Connections whose handshake is not done are unknown to closeAllConnections, and would keep the server from closing.
  const sockets = new Set<Socket>();
  // A connection of TLS 1.3 keeps the peer that it began with.
  const members = new WeakMap<object, string | undefined>();
  const server = createServer(
    {
      cert: tls.certificate,
      key: tls.privateKey,
      ca: Object.values(tls.roots),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
      requestTimeout: REQUEST_TIMEOUT_MS,
    },
    (request, response) => {
      void answer(request, response, { ...options, member: members.get(request.socket) });
    },
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket) => members.set(socket, memberOf(socket, tls)));
  await listen(server, options.host, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: {
    readonly member: string | undefined;
    readonly handlers: CustodyHandlers;
    readonly log: ExchangeLog;
  },
): Promise<void> {
  try {
    const { member } = options;
    if (member === undefined) throw new ExchangeError('FORBIDDEN', 'Not a member of the consortium');
    const route = routeOf(request);
    const body = parseBody(route, await readBody(request));
    send(response, 200, await dispatch(options.handlers, route, body, member));
  } catch (error) {
    const failure = failureOf(error);
    if (failure.status === 500) options.log.alarm('custody request failed', { error: String(error) });
    send(response, failure.status, { code: failure.code, message: failure.message });
  }
}

function dispatch<Route extends CustodyRoute>(
  handlers: CustodyHandlers,
  route: Route,
  body: RouteBody<Route>,
  member: string,
): Promise<RouteAnswers[Route]> {
  return handlers[route](body, member);
}

function routeOf(request: IncomingMessage): CustodyRoute {
  const found = Object.entries(CUSTODY_ROUTES).find(([, path]) => path === request.url);
  if (request.method !== 'POST' || found === undefined) throw new ExchangeError('NOT_FOUND', 'No such route');
  return found[0] as CustodyRoute;
}

function parseBody<Route extends CustodyRoute>(route: Route, text: string): RouteBody<Route> {
  try {
    return routeBodies[route].parse(JSON.parse(text)) as RouteBody<Route>;
  } catch (cause) {
    throw new ExchangeError('INVALID', 'The body breaks the format of the route', { cause });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new ExchangeError('TOO_LARGE', `A body has at most ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const STATUS: Readonly<Record<string, number>> = {
  NOT_FOUND: 404,
  INVALID: 400,
  MALFORMED: 400,
  TOO_LARGE: 413,
  OVER_LIMIT: 429,
  LIMIT: 429,
  STALE: 503,
  FORKED: 503,
  CLOSED: 503,
  UNAVAILABLE: 503,
};

function failureOf(error: unknown): {
  readonly status: number;
  readonly code: string;
  readonly message: string;
} {
  if (error instanceof CustodyError || error instanceof ExchangeError) {
    return { status: STATUS[error.code] ?? 403, code: error.code, message: error.message };
  }
  return { status: 500, code: 'UNAVAILABLE', message: 'The custodian failed' };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}
