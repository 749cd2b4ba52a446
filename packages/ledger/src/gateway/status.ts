import { WireWriter } from '../wire/index.ts';

/** gRPC's canonical codes, as far as this gateway answers them. */
export const Code = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

/** gateway.ErrorDetail: what one node answered. */
export interface ErrorDetail {
  readonly address: string;
  readonly mspId: string;
  readonly message: string;
}

/** The end of a call other than success, in the form in which it crosses to the client. */
export class RpcError extends Error {
  readonly code: number;
  readonly details: readonly ErrorDetail[];

  constructor(code: number, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** google.rpc.Status for grpc-status-details-bin; undefined without details. */
export function encodeStatusDetails(error: RpcError): Uint8Array | undefined {
  if (error.details.length === 0) return undefined;
  const status = new WireWriter().uint(1, error.code).string(2, error.message);
  for (const { address, mspId, message } of error.details) {
    const detail = new WireWriter().string(1, address).string(2, mspId).string(3, message).finish();
    status.present(
      3,
      new WireWriter().string(1, 'type.googleapis.com/gateway.ErrorDetail').bytes(2, detail).finish(),
    );
  }
  return status.finish();
}
