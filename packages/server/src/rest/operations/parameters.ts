import { type ExactObject, type ExactResource } from '../../fhir/index.ts';
import { RestError } from '../error.ts';

/** The parameter of a `Parameters` body with this name. @throws RestError MALFORMED when the body is something else */
export function parameterOf(body: ExactResource, name: string): ExactObject | undefined {
  if (body['resourceType'] !== 'Parameters') throw new RestError('MALFORMED', 'The body must be Parameters');
  const list = Array.isArray(body['parameter']) ? body['parameter'] : [];
  return list.find((member): member is ExactObject => isNamed(member, name));
}

/** The resource that an operation is about: the body itself, or its parameter `resource`. */
export function resourceOf(body: ExactResource, type: string): ExactResource {
  const resource =
    body['resourceType'] === 'Parameters' && type !== 'Parameters'
      ? parameterOf(body, 'resource')?.['resource']
      : body;
  if (isObject(resource) && resource['resourceType'] === type) return resource;
  throw new RestError(
    'MALFORMED',
    `The body must be a ${type}, or Parameters with a parameter resource that is one`,
  );
}

function isNamed(member: unknown, name: string): boolean {
  return isObject(member) && member['name'] === name;
}

function isObject(value: unknown): value is ExactObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
