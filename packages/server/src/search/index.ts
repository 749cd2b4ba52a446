export { patientCompartment } from './compartment.ts';
export { searchParameters } from './definitions.ts';
export { parseSearch, type SearchQuery } from './parse.ts';
export { search, type SearchHit } from './search.ts';
