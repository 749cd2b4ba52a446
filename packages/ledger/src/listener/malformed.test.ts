import * as grpc from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { METHODS } from '../gateway/index.ts';
import { converse, startListening, unary, type Listening } from './testing.ts';

const RUNS = 40;

let listening: Listening;

beforeAll(async () => {
  listening = await startListening();
});

afterAll(() => listening.close());

/** Any bytes, and bytes that look like nested messages. */
const request = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.uint8Array({ maxLength: 30 })), { maxLength: 4 })
    .map((fields) =>
      Uint8Array.from(fields.flatMap(([field, bytes]) => [field * 8 + 2, bytes.length, ...bytes])),
    ),
);

const UNARY = METHODS.peer.unary.map((method) => ['peer0.north', method] as const);
const STREAMS = [
  ...METHODS.peer.bidirectional.map((method) => ['peer0.north', method] as const),
  ...METHODS.orderer.bidirectional.map((method) => ['orderer0.north', method] as const),
];

/** Codes that a node answers by a rule; INTERNAL would be a bug of its own. */
const REFUSALS: readonly number[] = [
  grpc.status.UNKNOWN,
  grpc.status.INVALID_ARGUMENT,
  grpc.status.NOT_FOUND,
  grpc.status.PERMISSION_DENIED,
  grpc.status.FAILED_PRECONDITION,
  grpc.status.UNIMPLEMENTED,
  grpc.status.UNAVAILABLE,
];
/** Discovery answers a request without queries by no results. */
const WITHOUT_EFFECT: readonly string[] = ['/discovery.Discovery/Discover'];

it.each(UNARY)('refuses what nobody meant, at %s %s', async (node, method) => {
  const client = listening.client(node);
  const expected = WITHOUT_EFFECT.includes(method) ? [...REFUSALS, grpc.status.OK] : REFUSALS;
  await fc.assert(
    fc.asyncProperty(request, async (bytes) => {
      const code = await unary(client, method, bytes).then(() => grpc.status.OK, codeOf);
      expect(expected).toContain(code);
    }),
    { numRuns: RUNS },
  );
});

it.each(STREAMS)('answers what nobody meant by one status, at %s %s', async (node, method) => {
  const client = listening.client(node);
  await fc.assert(
    fc.asyncProperty(request, async (bytes) => {
      const outcome = await converse(client, method, Buffer.from(bytes)).then(
        (answers) => answers.length,
        (error: unknown) => (REFUSALS.includes(codeOf(error)) ? 1 : error),
      );
      expect(outcome).toBe(1);
    }),
    { numRuns: RUNS },
  );
});

function codeOf(error: unknown): number {
  return (error as grpc.ServiceError).code;
}
