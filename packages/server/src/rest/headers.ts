import { RestError } from './error.ts';

export const FHIR_JSON = 'application/fhir+json; charset=utf-8';

/** FHIR R4, http.html section 3.1.0.1.7 and search.html section 3.1.1.0.1. */
export interface Preferences {
  readonly return: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  readonly lenient: boolean;
}

/** Values that are not known are ignored, as RFC 7240 asks. */
export function preferences(header: string | undefined): Preferences {
  const wishes = (header ?? '').split(/[,;]/).map((wish) => wish.trim());
  const value = (name: string): string | undefined =>
    wishes.find((wish) => wish.startsWith(`${name}=`))?.slice(name.length + 1);
  const wanted = value('return');
  return {
    return:
      wanted === 'minimal' || wanted === 'representation' || wanted === 'OperationOutcome'
        ? wanted
        : undefined,
    lenient: value('handling') === 'lenient',
  };
}

export function etag(versionId: number | string): string {
  return `W/"${versionId}"`;
}

/**
 * The version that `If-Match` names. @throws RestError PARAMETER for what is no entity tag of a version; a list or `*` is
 * refused, since neither protects from a lost update
 */
export function ifMatchVersion(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const version = /^(?:W\/)?"([A-Za-z0-9\-.]{1,64})"$/.exec(header.trim())?.[1];
  if (version === undefined) throw badHeader('If-Match', 'must name one version, as in W/"3"');
  return version;
}

export function httpDate(instant: string): string {
  return new Date(instant).toUTCString();
}

/** `If-None-Match` and `If-Modified-Since` of a read: true when the caller has this version already. */
export function isUnchanged(
  headers: Readonly<Record<string, string | undefined>>,
  current: { readonly etag: string; readonly lastUpdated: string },
): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) return tags.split(',').some((tag) => sameTag(tag.trim(), current.etag));
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && Math.floor(Date.parse(current.lastUpdated) / 1_000) * 1_000 <= since;
}

function sameTag(left: string, right: string): boolean {
  return left === '*' || left.replace(/^W\//, '') === right.replace(/^W\//, '');
}

const JSON_TYPES: ReadonlySet<string> = new Set([
  'application/fhir+json',
  'application/json',
  'json',
  'text/json',
  'application/json+fhir',
]);
const ANY_TYPES: ReadonlySet<string> = new Set(['*/*', 'application/*']);

/** `_format` beats `Accept` (http.html section 3.1.0.1.11). @throws RestError NOT_ACCEPTABLE when JSON is not among what is accepted */
export function assertAcceptable(accept: string | undefined, format: string | undefined): void {
  const wanted = format === undefined || format === '' ? (accept ?? '*/*') : format;
  const ranges = wanted.split(',').map((range) => range.split(';').map((part) => part.trim().toLowerCase()));
  const acceptable = ranges.some(
    ([type = '', ...parameters]) => isJson(type.replaceAll(' ', '+')) && !isRefused(parameters),
  );
  if (!acceptable) throw new RestError('NOT_ACCEPTABLE', 'This server answers in application/fhir+json only');
}

function isJson(type: string): boolean {
  return JSON_TYPES.has(type) || ANY_TYPES.has(type);
}

/** Quality 0, or another FHIR version than R4. */
function isRefused(parameters: readonly string[]): boolean {
  return parameters.some((parameter) => {
    const [name, value] = parameter.split('=');
    if (name === 'q') return Number(value) === 0;
    return name === 'fhirversion' && value !== '4.0';
  });
}

function badHeader(name: string, message: string): RestError {
  return new RestError('PARAMETER', `${name} ${message}`, { details: { expression: `http.${name}` } });
}
