export { BlockLog, type Damage, type Location } from './block-log.ts';
export { diskFiles, readOnlyFiles, type AppendFile, type FileStore } from './files.ts';
export { openLevel } from './key-value.ts';
export type { TransactionPlace } from './ledger-keys.ts';
export { LedgerStore, type BlockCommit } from './ledger-store.ts';
export type { LedgerView } from './ledger-view.ts';
export { claim, isInUse, type Claim } from './in-use.ts';
export type { LedgerStorage, OpenRows } from './sound-rows.ts';
export { decodeStateRow, tryDecodeRow, type StateRow } from './state-rows.ts';
