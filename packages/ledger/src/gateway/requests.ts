import { LedgerError } from '../error.ts';
import { decodeSignedProposal, type DecodedProposal } from '../peer/index.ts';
import { fields } from '../wire/index.ts';
import { Code, RpcError } from './status.ts';

/** gateway.EndorseRequest and EvaluateRequest: the fourth field names organisations in both. */
export interface ProposalRequest {
  readonly txId: string;
  readonly channelId: string;
  readonly signedProposal: Uint8Array;
  readonly organisations: readonly string[];
}

export interface SignedRequest {
  readonly request: Uint8Array;
  readonly signature: Uint8Array;
}

export type SeekPosition =
  | { readonly kind: 'newest' }
  | { readonly kind: 'oldest' }
  | { readonly kind: 'next' }
  | { readonly kind: 'block'; readonly number: number };

export interface ChaincodeEventsRequest {
  readonly channelId: string;
  readonly chaincode: string;
  readonly identity: Uint8Array;
  readonly start: SeekPosition | undefined;
  readonly afterTransactionId: string;
}

export function decodeProposalRequest(bytes: Uint8Array): ProposalRequest {
  const request = fields(bytes);
  return {
    txId: text(request.bytes(1)),
    channelId: text(request.bytes(2)),
    signedProposal: request.bytes(3),
    organisations: request.all(4).map(text),
  };
}

/** @throws RpcError INVALID_ARGUMENT with `prefix` before Fabric's text */
export function proposalOf(signedProposal: Uint8Array, prefix: string): DecodedProposal {
  try {
    return decodeSignedProposal(signedProposal);
  } catch (error) {
    if (error instanceof LedgerError) throw new RpcError(Code.INVALID_ARGUMENT, prefix + error.message);
    throw error;
  }
}

export function decodeSubmitRequest(bytes: Uint8Array) {
  const request = fields(bytes);
  const envelope = request.has(3) ? fields(request.bytes(3)) : undefined;
  return {
    txId: text(request.bytes(1)),
    channelId: text(request.bytes(2)),
    envelope: envelope && { payload: envelope.bytes(1), signature: envelope.bytes(2) },
  };
}

export function decodeSignedRequest(bytes: Uint8Array): SignedRequest {
  const signed = fields(bytes);
  return { request: signed.bytes(1), signature: signed.bytes(2) };
}

export function decodeCommitStatusRequest(bytes: Uint8Array) {
  const request = fields(bytes);
  return {
    txId: text(request.bytes(1)),
    channelId: text(request.bytes(2)),
    identity: request.has(3) ? request.bytes(3) : undefined,
  };
}

export function decodeChaincodeEventsRequest(bytes: Uint8Array): ChaincodeEventsRequest {
  const request = fields(bytes);
  return {
    channelId: text(request.bytes(1)),
    chaincode: text(request.bytes(2)),
    identity: request.bytes(3),
    start: request.has(4) ? decodePosition(request.bytes(4)) : undefined,
    afterTransactionId: text(request.bytes(5)),
  };
}

/** orderer.SeekPosition; undefined when it names none. */
export function decodePosition(bytes: Uint8Array): SeekPosition | undefined {
  const position = fields(bytes);
  if (position.has(4)) return { kind: 'next' };
  if (position.has(3)) return { kind: 'block', number: fields(position.bytes(3)).number(1) };
  if (position.has(2)) return { kind: 'oldest' };
  return position.has(1) ? { kind: 'newest' } : undefined;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
