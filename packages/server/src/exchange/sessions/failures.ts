import { GatewayError } from '@hyperledger/fabric-gateway';
import type { ExchangeErrorCode } from '../../ports.ts';
import { ExchangeError } from '../error.ts';

/** What a failed gateway call says about retrying it. `refused` carries the contract's own code. */
export type CallFailure =
  | { readonly kind: 'refused'; readonly code: string; readonly text: string }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'rejected' };

/** gRPC status codes that a call may end with although another gateway or a later moment would have served it. */
const UNREACHABLE = new Set([
  1, // CANCELLED
  4, // DEADLINE_EXCEEDED
  8, // RESOURCE_EXHAUSTED
  9, // FAILED_PRECONDITION: no peers of the organisation, no endorsement plan
  13, // INTERNAL
  14, // UNAVAILABLE
]);

/** The form in which Fabric's gateway hands on a chaincode's `shim.error('CODE: text')`. */
const CONTRACT_ERROR =
  /(?:chaincode response \d+, |transaction returned with failure: )?\b([A-Z][A-Z_]{2,63}): (.*)$/s;

/**
 * A contract's answer on any peer is an answer; otherwise the status code decides. Endorsers that could not be reached beside
 * one that refused do not make a refusal unclear.
 */
export function classify(error: unknown): CallFailure {
  if (!(error instanceof GatewayError)) return { kind: 'rejected' };
  for (const text of [...error.details.map((detail) => detail.message), error.message]) {
    const match = CONTRACT_ERROR.exec(text);
    if (match !== null) return { kind: 'refused', code: match[1] as string, text: match[2] as string };
  }
  return { kind: UNREACHABLE.has(error.code) ? 'unreachable' : 'rejected' };
}

/** The contract's codes that mean something to a caller of the exchange; every other refusal is FORBIDDEN. */
const CODE_OF: Readonly<Record<string, ExchangeErrorCode>> = {
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT: 'CONFLICT',
  VERSION_CONFLICT: 'CONFLICT',
  ALREADY_EXISTS: 'CONFLICT',
  EXISTS: 'CONFLICT',
  INVALID: 'INVALID',
  INVALID_ARGUMENT: 'INVALID',
  BAD_ARGUMENT: 'INVALID',
  TOO_LARGE: 'TOO_LARGE',
  LIMIT: 'LIMIT',
};

/** The one translation of a failed ledger call. `details.contract` is the contract's code, `details.call` the function. */
export function toExchangeError(error: unknown, call: string): ExchangeError {
  if (error instanceof ExchangeError) return error;
  const failure = classify(error);
  if (failure.kind === 'refused') {
    return new ExchangeError(CODE_OF[failure.code] ?? 'FORBIDDEN', failure.text, {
      cause: error,
      details: { contract: failure.code, call },
    });
  }
  const code: ExchangeErrorCode = failure.kind === 'unreachable' ? 'UNAVAILABLE' : 'FORBIDDEN';
  return new ExchangeError(code, `The ledger did not serve ${call}`, { cause: error, details: { call } });
}
