export { type HistoryPage, type HistoryQuery, type KeyValues, openStore, type Store } from './store.ts';
export {
  type AccessFacts,
  type CommittedVersion,
  MAX_FACTS_PER_QUESTION,
  type Permitted,
  type StoredVersion,
} from './types.ts';
