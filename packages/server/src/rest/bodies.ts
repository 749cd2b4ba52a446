import { readResource } from '../fhir/exact.ts';
import type { ExactResource } from '../ports.ts';
import { RestError } from './error.ts';

/** Media types that a body of FHIR JSON may have. */
export const BODY_TYPES = ['application/fhir+json', 'application/json', 'application/json+fhir'] as const;
export const FORM_TYPE = 'application/x-www-form-urlencoded';

/** A body that is parsed when a step first asks for it, and once. */
export function lazyBody(bytes: unknown, maxBytes: number): () => ExactResource {
  let parsed: ExactResource | undefined;
  return () => {
    if (!(bytes instanceof Uint8Array) || bytes.length === 0)
      throw new RestError('MALFORMED', 'The request needs a body');
    parsed ??= readResource(bytes, maxBytes);
    return parsed;
  };
}

/** The parameters of the URL, then those of a form body (`POST _search`). */
export function allParameters(url: string, body: unknown, isForm: boolean): URLSearchParams {
  const question = url.indexOf('?');
  const parameters = new URLSearchParams(question < 0 ? '' : url.slice(question + 1));
  if (!isForm || !(body instanceof Uint8Array)) return parameters;
  for (const [name, value] of new URLSearchParams(Buffer.from(body).toString('utf8')))
    parameters.append(name, value);
  return parameters;
}
