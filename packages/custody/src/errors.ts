import { CodedError } from '@healthchain/core';

/**
 * Every way custody says no. The second group refuses a request; the caller may show the code to the organisation that asked,
 * never to the person at its end (custody.md section 4: who may not read learns nothing).
 */
export type CustodyErrorCode =
  // envelope, shares, sealing
  | 'MALFORMED'
  | 'UNKNOWN_SUITE'
  | 'TOO_LARGE'
  | 'BAD_KEY'
  | 'OPEN_FAILED'
  | 'COMMITMENT_MISMATCH'
  | 'CIPHERTEXT_MISMATCH'
  | 'TYPE_MISMATCH'
  | 'HEADER_MISMATCH'
  | 'BAD_INDEX'
  | 'BAD_THRESHOLD'
  | 'TOO_FEW_SHARES'
  | 'SHARE_MISMATCH'
  // requests
  | 'WRONG_CHANNEL'
  | 'NOT_ADDRESSED'
  | 'WRONG_MEMBER'
  | 'UNKNOWN_IDENTITY'
  | 'WRONG_ROLE'
  | 'BAD_SIGNATURE'
  | 'EXPIRED'
  | 'LIFETIME_TOO_LONG'
  | 'REQUEST_ID_REUSED'
  | 'OVER_LIMIT'
  | 'WRONG_PURPOSE'
  | 'REFUSED'
  | 'EMERGENCY_INVALID'
  | 'EMERGENCY_EXPIRED'
  | 'STALE'
  | 'FORKED'
  // stores
  | 'KEY_UNKNOWN'
  | 'KEY_IN_USE'
  | 'OUT_OF_ORDER'
  | 'LOG_SHORTER_THAN_CHECKPOINT'
  | 'LOG_DIFFERS_FROM_CHECKPOINT'
  | 'STORE_MISMATCH'
  | 'CLOSED';

export class CustodyError extends CodedError<CustodyErrorCode> {}
