export { StoreError, type StoreErrorCode } from './errors.ts';
export type { HistoryPage, HistoryQuery } from './history.ts';
export type { KeyValues } from './key-values.ts';
export { openStore, type Store, type StoreOptions } from './store.ts';
export {
  type AccessFacts,
  type CommittedVersion,
  MAX_FACTS_PER_QUESTION,
  type Permitted,
  type StoredVersion,
} from './types.ts';
