export { consentResource } from './consortium/consent.ts';
export { clientFor, tokenFor } from './consortium/tokens.ts';
export { organisationOf, userOf, type ConsortiumState } from './consortium/state.ts';
export {
  openConsortium,
  playBackground,
  playNamed,
  type Consortium,
  type UpOptions,
} from './consortium/up.ts';
export { FhirClient, outcomeText, type FhirResponse, type SearchEntry } from './fhir-client.ts';
export { createOutput, type Output } from './output.ts';
