export { SearchError, type SearchErrorCode } from './errors.ts';
export { compartmentTypes, inPatientCompartment } from './compartment.ts';
export { parseSearch, type SearchQuery } from './parse.ts';
export { search, type SearchHit, type SearchOptions, type SearchPage } from './search.ts';
export { searchParameters } from './definitions.ts';
