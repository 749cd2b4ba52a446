import type { DatabaseSync } from 'node:sqlite';
import type { StoredVersion } from '../store/types.ts';

/** Resources that can be searched: the organisation's store, or a store in memory with what was opened for one request. */
export interface SearchSource {
  readonly database: DatabaseSync;
  /** FHIR base URLs of the members. */
  readonly bases: readonly string[];
  version(type: string, id: string, version: number): StoredVersion | undefined;
}
