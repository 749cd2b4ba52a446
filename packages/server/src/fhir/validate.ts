import type { PlainResource } from './resource.ts';

export interface Issue {
  readonly severity: 'error' | 'warning' | 'information';
  /** FHIR IssueType. */
  readonly code: string;
  readonly diagnostics: string;
  /** FHIRPath of the elements. */
  readonly expression: readonly string[];
}
/** Loads the definitions of R4 once per process (about a second). Later calls return the same promise. */
export declare function initialiseValidation(): Promise<void>;
/** What is wrong with a resource; it is refused when any issue is an error. @throws FhirError NOT_INITIALISED */
export declare function validate(resource: PlainResource): readonly Issue[];
