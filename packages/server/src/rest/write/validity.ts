import { typeRow, validate } from '../../fhir/index.ts';
import { type Issue, RestError } from '../error.ts';
import { isFaceKind } from '../located.ts';
import { pass, type Visit } from '../visit.ts';
import type { Proposal } from './drafts.ts';

/** Issues told about one request; a bundle of 5,000 broken entries needs no longer list. */
const MAX_ISSUES = 100;

/**
 * @throws RestError METHOD_NOT_ALLOWED for a type that is not stored, INVALID with the issues of all proposals (at most
 * MAX_ISSUES), each placed within the body
 */
export function validateProposals(visit: Visit, proposals: readonly Proposal[]): void {
  pass(visit, 'validate');
  for (const { type } of proposals) assertStorable(type);
  const issues = proposals.flatMap((proposal) => issuesOf(proposal));
  if (!issues.some(({ severity }) => severity === 'error' || severity === 'fatal')) return;
  throw new RestError('INVALID', 'The resource is not valid', {
    details: { issues: issues.slice(0, MAX_ISSUES) },
  });
}

export function assertStorable(type: string): void {
  const kind = typeRow(type)?.kind;
  if (kind === undefined) throw new RestError('UNKNOWN_TYPE', `${type} is no resource type of FHIR R4`);
  if (kind === 'never') throw new RestError('METHOD_NOT_ALLOWED', `${type} is never stored`);
  if (isFaceKind(kind)) throw new RestError('METHOD_NOT_ALLOWED', `${type} cannot be written this way`);
}

function issuesOf({ plain, place }: Proposal): Issue[] {
  return validate(plain).map((issue) => ({
    ...issue,
    expression: issue.expression.map((path) => placed(place, path)),
  }));
}

/** `Observation.code` of the third entry is `Bundle.entry[2].resource.code`. */
function placed(place: string, path: string): string {
  if (place === '') return path;
  const below = path.replace(/^[A-Za-z]+/, '');
  return `${place}${below}`;
}
