import assert from 'node:assert/strict';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { status } from '@grpc/grpc-js';

/** What a refusal must look like: the gRPC status, and a text in its message or in the detail of an endorser. */
export interface Refusal {
  readonly code: keyof typeof status;
  readonly text: RegExp;
  /** MSP ids whose endorsers are named in the details, in any order. */
  readonly by?: readonly string[];
}

/** Fails unless the call is refused by the gateway as expected; returns the error. */
export async function refused(call: Promise<unknown>, refusal: Refusal): Promise<GatewayError> {
  const error = await call.then(
    (value) => assert.fail(`was accepted: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof GatewayError)) throw error;
  const shown = [error.cause.details, ...error.details.map(({ mspId, message }) => `${mspId}: ${message}`)].join('\n');
  const expected = `${refusal.code} ${refusal.text}`;
  assert.equal(status[error.code], refusal.code, `expected ${expected}, was ${status[error.code]} ${shown}`);
  assert.match(shown, refusal.text, `expected ${expected}`);
  if (refusal.by !== undefined) {
    assert.deepEqual(error.details.map(({ mspId }) => mspId).sort(), [...refusal.by].sort(), shown);
  }
  return error;
}
