export { blockDataHash, blockHeaderBytes, blockHeaderHash, checkWellFormed } from './block.ts';
export { ValidationCode } from './codes.ts';
export { parseTransaction, transactionId } from './parse.ts';
export { jobsOf } from './signatures.ts';
export type {
  BlockValidation,
  HistoryEntry,
  KeyVersion,
  ParsedTransaction,
  StateReader,
  StateUpdate,
  VersionedValue,
} from './types.ts';
export { validateBlock, validateGenesis } from './validate.ts';
