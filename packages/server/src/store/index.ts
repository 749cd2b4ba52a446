export type { HistoryPage } from './history.ts';
export { ownerOnly } from './private-file.ts';
export { openStore, type Store } from './store.ts';
export {
  type AccessFacts,
  type CommittedVersion,
  MAX_FACTS_PER_QUESTION,
  type Permitted,
  type StoredVersion,
} from './types.ts';
