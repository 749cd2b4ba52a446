import { CodedError } from '@healthchain/core';
import type { ExchangeErrorCode } from '../ports.ts';

/** Every failure that leaves exchange/; `details` and message hold no health data. */
export class ExchangeError extends CodedError<ExchangeErrorCode> {}
