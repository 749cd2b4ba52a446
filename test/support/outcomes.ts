import { expect } from 'vitest';
import type { Received } from './http.ts';

export interface Issue {
  readonly severity: string;
  readonly code: string;
  readonly diagnostics: string;
  readonly expression?: readonly string[];
}

/** Names of files, classes and libraries of ours, and traces. */
const INTERNALS = /node_modules|\.ts\b|\.js\b|\bat \S+ \(|sqlite|zod|fastify|Error:|undefined|\[object/i;

/** The answer is a refusal in FHIR's form that tells nothing of the program; its first issue. */
export function expectRefused({ status, headers, text }: Received): Issue {
  expect(status, text).toBeGreaterThanOrEqual(400);
  expect(status, text).toBeLessThan(500);
  expect(headers['content-type']).toBe('application/fhir+json; charset=utf-8');
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  expect(headers['x-request-id']).toBeTypeOf('string');
  expect(text).not.toMatch(INTERNALS);
  const outcome = JSON.parse(text) as { readonly resourceType: string; readonly issue: readonly Issue[] };
  expect(outcome.resourceType).toBe('OperationOutcome');
  expect(outcome.issue[0]).toMatchObject({ severity: 'error', diagnostics: expect.any(String) });
  return outcome.issue[0] as Issue;
}
