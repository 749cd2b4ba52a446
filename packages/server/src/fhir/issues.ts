export interface Issue {
  readonly severity: 'error' | 'warning' | 'information';
  /** FHIR IssueType. */
  readonly code: 'structure' | 'required' | 'value' | 'invariant' | 'code-invalid' | 'not-supported';
  /** Names the rule and the element, never the value: that may be health data. */
  readonly diagnostics: string;
  /** FHIRPath of the elements. */
  readonly expression: readonly string[];
}

export function problem(code: Issue['code'], diagnostics: string, path: string): Issue {
  return { severity: 'error', code, diagnostics, expression: [path] };
}
