import { plainResource, validate } from '../../fhir/index.ts';
import { json } from '../answers.ts';
import { allOk, outcomeOf } from '../outcome.ts';
import { part, pass, type RestAnswer, type Visit } from '../visit.ts';
import { resourceOf } from './parameters.ts';

/** `[type]/$validate`: 200 with what a write would be told; nothing is written or remembered. */
export async function validateResource(visit: Visit): Promise<RestAnswer> {
  const resource = resourceOf(visit.request.body(), part(visit, 'type'));
  const issues = validate(plainResource(resource));
  for (const step of ['validate', 'render'] as const) pass(visit, step);
  const outcome = issues.length === 0 ? allOk('The resource is valid') : outcomeOf(issues);
  return json(200, JSON.stringify(outcome));
}
