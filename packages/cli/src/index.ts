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
export { control } from './control/client.ts';
export { FhirClient, outcomeText, type FhirResponse, type SearchEntry } from './fhir-client.ts';
export { readInput, type ImportUnit } from './import/read-input.ts';
export { createOutput, type Output } from './output.ts';
export { verifyConsortium } from './verify/online.ts';
export type { VerifyReport } from './verify/report.ts';
