export { patientCompartment } from './compartment.ts';
export { searchParameters } from './definitions.ts';
export { parametersOf } from './parameters-of.ts';
export { parseSearch, type SearchQuery } from './parse.ts';
export { search, type SearchHit } from './search.ts';
