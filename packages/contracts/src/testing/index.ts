/** For tests of whole consortia: the cast's situations, and what is expected of every function in them. */
export { readExpectations } from '../expectations/csv.ts';
export { makeReady } from './cast.ts';
export { type CallOptions, type CastLedger, type Executed } from './ledger.ts';
export { situations, signerOf, type Prepared } from './situations.ts';
