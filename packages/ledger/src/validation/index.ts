export {
  blockDataHash,
  blockHeaderBytes,
  blockHeaderHash,
  checkWellFormed,
  type BlockHeader,
} from './block.ts';
export { ValidationCode } from './codes.ts';
export { parseTransaction, transactionId } from './parse.ts';
export type {
  BlockToValidate,
  BlockValidation,
  ChaincodeEvent,
  Endorsement,
  HistoryEntry,
  KeyVersion,
  ParsedAction,
  ParsedTransaction,
  StateReader,
  StateUpdate,
  VersionedValue,
} from './types.ts';
export { validateBlock, validateGenesis } from './validate.ts';
