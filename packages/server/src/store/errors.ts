import { CodedError } from '@healthchain/core';

export type StoreErrorCode = 'WRONG_SCHEMA' | 'BAD_CURSOR' | 'BAD_INSTANT';

export class StoreError extends CodedError<StoreErrorCode> {}
