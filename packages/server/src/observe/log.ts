import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';

/**
 * Structured log of one server. Entries carry request ids, route templates, statuses and closed codes. URLs with values, bodies,
 * tokens and ids of persons or records never reach it: what is logged is chosen field by field, and these names are removed in
 * case somebody chose wrongly.
 */
const NEVER = [
  'authorization',
  'token',
  'url',
  'query',
  'body',
  'resource',
  'personId',
  'personIds',
  'identifier',
  'identifiers',
];

export function createLogger(
  options: { readonly level: string; readonly mspId: string },
  destination?: DestinationStream,
): Logger {
  return pino(
    {
      level: options.level,
      base: { organisation: options.mspId },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...NEVER, ...NEVER.map((name) => `*.${name}`)], remove: true },
      serializers: { err: stdSerializers.errWithCause },
    },
    ...(destination === undefined ? [] : [destination]),
  );
}
