import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { status } from '@grpc/grpc-js';

type StatusName = keyof typeof status;

/** What a refusal must look like: the gRPC status, and a text in its message or in the detail of an endorser. */
export interface Refusal {
  readonly code: StatusName | readonly StatusName[];
  readonly text: RegExp;
  /** MSP ids whose endorsers are named in the details, in any order. */
  readonly by?: readonly string[];
}

/** Fails unless the call is refused by the gateway as expected; returns the error. */
export async function refused(call: Promise<unknown>, refusal: Refusal): Promise<GatewayError> {
  const error = await call.then(
    (value) => assert.fail(`was accepted: ${inspect(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof GatewayError)) throw error;
  const shown = [
    error.cause.details,
    ...error.details.map(({ mspId, message }) => `${mspId}: ${message}`),
  ].join('\n');
  const codes = [refusal.code].flat();
  const expected = `${codes.join(' or ')} ${refusal.text}`;
  const was = status[error.code] as StatusName;
  assert.ok(codes.includes(was), `expected ${expected}, was ${was} ${shown}`);
  assert.match(shown, refusal.text, `expected ${expected}, was ${shown}`);
  if (refusal.by !== undefined) {
    assert.deepEqual(error.details.map(({ mspId }) => mspId).sort(), [...refusal.by].sort(), shown);
  }
  return error;
}

/** A refusal by the orderers: a gateway that asks one of them says ABORTED, one that needs a quorum UNAVAILABLE. */
export const byOrderers = (text: RegExp): Refusal => ({ code: ['ABORTED', 'UNAVAILABLE'], text });
