export { patientCompartment } from './compartment.ts';
export { type ParameterDefinition, type ParameterKind, searchParameters } from './definitions.ts';
export { SearchError, type SearchErrorCode } from './errors.ts';
export { MAX_INCLUDED } from './include.ts';
export {
  DEFAULT_COUNT,
  MAX_COUNT,
  MAX_PARAMETERS,
  type ParseOptions,
  parseSearch,
  type SearchQuery,
  type Summary,
} from './parse.ts';
export { search, type SearchHit, type SearchOptions, type SearchPage } from './search.ts';
export type { SearchSource } from './source.ts';
