import Fastify, { type FastifyInstance } from 'fastify';
import type { ServerContext } from './context.ts';

/** The HTTP application of one organisation, not listening yet. Closing it ends its own requests, nothing of the context. */
export function buildServer(context: ServerContext): FastifyInstance {
  return Fastify({ bodyLimit: context.limits.maxBodyBytes });
}
