import { contractErrorOf, type ContractErrorCode } from '@healthchain/contracts';
import { GatewayError } from '@hyperledger/fabric-gateway';
import type { ExchangeErrorCode } from '../../ports.ts';
import { ExchangeError } from '../error.ts';

/** What a failed gateway call says about retrying it. `refused` carries the contract's own code. */
export type CallFailure =
  | { readonly kind: 'refused'; readonly code: ContractErrorCode; readonly text: string }
  | { readonly kind: 'unreachable' }
  /** Endorsers answered from different states: one of them was behind. */
  | { readonly kind: 'divided' }
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

/** What Fabric's gateway says when endorsements differ. */
const DIVIDED = 'ProposalResponsePayloads do not match';

/**
 * A contract's answer on any peer is an answer; otherwise the status code decides. Endorsers that could not be reached beside
 * one that refused do not make a refusal unclear.
 */
export function classify(error: unknown): CallFailure {
  if (!(error instanceof GatewayError)) return { kind: 'rejected' };
  const texts = [...error.details.map((detail) => detail.message), error.message];
  for (const text of texts) {
    const refusal = contractErrorOf(text);
    if (refusal !== undefined) return { kind: 'refused', code: refusal.code, text: refusal.message };
  }
  if (texts.some((text) => text.includes(DIVIDED))) return { kind: 'divided' };
  return { kind: UNREACHABLE.has(error.code) ? 'unreachable' : 'rejected' };
}

/** The contract's codes that mean something to a caller of the exchange; every other refusal is FORBIDDEN. */
const CODE_OF: Readonly<Partial<Record<ContractErrorCode, ExchangeErrorCode>>> = {
  RECORD_UNKNOWN: 'NOT_FOUND',
  GRANT_UNKNOWN: 'NOT_FOUND',
  PERSON_UNKNOWN: 'NOT_FOUND',
  EMERGENCY_UNKNOWN: 'NOT_FOUND',
  MERGE_UNKNOWN: 'NOT_FOUND',
  CHECKPOINT_UNKNOWN: 'NOT_FOUND',
  VERSION_CONFLICT: 'CONFLICT',
  RECORD_RETRACTED: 'CONFLICT',
  GRANT_EXISTS: 'CONFLICT',
  GRANT_REVOKED: 'CONFLICT',
  KEY_BOUND_ELSEWHERE: 'CONFLICT',
  MERGE_NOT_POSSIBLE: 'CONFLICT',
  EMERGENCY_REVIEWED: 'CONFLICT',
  INVALID_ARGUMENT: 'INVALID',
  INVALID_TRANSIENT: 'INVALID',
  SAME_RECORD_TWICE: 'INVALID',
  HEADER_MISMATCH: 'INVALID',
  PERSON_CHANGED: 'INVALID',
  PERIOD_NOT_POSSIBLE: 'INVALID',
  PARENT_NOT_VALID: 'INVALID',
  EXCEEDS_PARENT: 'INVALID',
  TOO_DEEP: 'INVALID',
  GRANTEE_NOT_POSSIBLE: 'INVALID',
  EMERGENCY_LIMIT: 'LIMIT',
  NOT_FOUNDED: 'UNAVAILABLE',
  EPOCH_NOT_IN_FORCE: 'UNAVAILABLE',
  INTAKE_KEY_NOT_OPEN: 'UNAVAILABLE',
  INTERNAL: 'UNAVAILABLE',
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
  const code: ExchangeErrorCode = failure.kind === 'rejected' ? 'FORBIDDEN' : 'UNAVAILABLE';
  return new ExchangeError(code, `The ledger did not serve ${call}`, { cause: error, details: { call } });
}

/** Endorsers answered from different states: the one behind has the block in a moment. */
export function isDivided(error: unknown): boolean {
  const cause = error instanceof ExchangeError ? (error.cause ?? error) : error;
  return classify(cause).kind === 'divided';
}

/** The answer of a peer that did not have the latest blocks yet may have been another one. */
export function mayComeFromLag(error: unknown): boolean {
  const cause = error instanceof ExchangeError ? (error.cause ?? error) : error;
  const { kind } = classify(cause);
  return kind === 'refused' || kind === 'divided';
}
