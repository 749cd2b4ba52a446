import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { type Issue, problem } from './issues.ts';
import type { PlainResource } from './resource.ts';
import { loadedSchema, type Schema } from './schema.ts';
import { structureIssues } from './structure.ts';
import { typeRow } from './type-table.ts';

/** Warnings of @medplum/core that `structureIssues` decides itself. */
const DECIDED_HERE = /^(?:Invalid reference:|Conflicting choice)/;
const CODES: ReadonlySet<string> = new Set([
  'structure',
  'required',
  'value',
  'invariant',
  'code-invalid',
  'not-supported',
]);

/**
 * What is wrong with a resource: structure, cardinalities, formats and invariants by @medplum/core, the rest by our own checks.
 * It is refused when any issue is an error. `expectedType` is the type of the URL.
 *
 * @throws FhirError NOT_INITIALISED before `initialiseValidation` has completed
 */
export function validate(resource: PlainResource, expectedType?: string): readonly Issue[] {
  const schema = loadedSchema();
  const type = resource.resourceType;
  if (typeRow(type) === undefined)
    return [problem('structure', 'Not a resource type of FHIR R4', 'resourceType')];
  if (expectedType !== undefined && type !== expectedType) {
    return [
      problem('structure', `The resource is a ${type}, the request is for ${expectedType}`, 'resourceType'),
    ];
  }
  const own = structureIssues(resource, schema);
  return [...own, ...generalIssues(resource, schema, own.length > 0)];
}

function generalIssues(resource: PlainResource, { medplum }: Schema, refused: boolean): readonly Issue[] {
  try {
    return issuesOf(medplum.validateResource(resource as unknown as Resource));
  } catch (error) {
    if (error instanceof medplum.OperationOutcomeError) return issuesOf(error.outcome.issue);
    // Some malformed shapes make it throw on its own: they are refused all the same.
    return refused
      ? []
      : [problem('structure', 'The resource does not have the structure of its type', resource.resourceType)];
  }
}

function issuesOf(issues: readonly OperationOutcomeIssue[]): readonly Issue[] {
  return issues
    .filter(({ details }) => !DECIDED_HERE.test(details?.text ?? ''))
    .map(({ severity, code, details, expression }) => ({
      severity: severity === 'fatal' ? 'error' : severity,
      code: CODES.has(code) ? (code as Issue['code']) : 'structure',
      diagnostics: details?.text ?? 'Invalid',
      expression: (expression ?? []).map((path) => path.replaceAll('[x]', '')),
    }));
}
