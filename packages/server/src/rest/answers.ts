import type { StoredVersion } from '../store/index.ts';
import { type Issue } from './error.ts';
import { etag, FHIR_JSON, httpDate } from './headers.ts';
import { outcomeOf } from './outcome.ts';
import type { RestAnswer, Visit } from './visit.ts';

/** What names one version of a resource in headers and bundles. */
export interface VersionFacts {
  readonly type: string;
  readonly id: string;
  readonly version: number | string;
  readonly lastUpdated: string;
}

/** One version as it leaves: `text` is what every server serves for it; null for a tombstone. */
export type Rendered = VersionFacts & { readonly text: string | null };

export function locationOf(visit: Visit, { type, id, version }: VersionFacts): string {
  return `${visit.server.baseUrl}/${type}/${id}/_history/${version}`;
}

export function versionHeaders(facts: VersionFacts): Record<string, string> {
  return { etag: etag(facts.version), 'last-modified': httpDate(facts.lastUpdated) };
}

export function json(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): RestAnswer {
  return { status, headers: { 'content-type': FHIR_JSON, ...headers }, body };
}

function outcomeAnswer(
  status: number,
  issues: readonly Issue[],
  headers: Readonly<Record<string, string>> = {},
): RestAnswer {
  return json(status, JSON.stringify(outcomeOf(issues)), headers);
}

/** `Prefer: return=` decides what the body of a write's answer holds (http.html section 3.1.0.1.7). */
export function writeAnswer(
  visit: Visit,
  status: 200 | 201,
  rendered: Rendered,
  diagnostics: string,
): RestAnswer {
  const location = locationOf(visit, rendered);
  const headers = {
    ...versionHeaders(rendered),
    'content-location': location,
    ...(status === 201 ? { location } : {}),
  };
  const { lastUpdated } = rendered;
  switch (visit.prefer.return) {
    case 'minimal':
      return { status, headers, lastUpdated };
    case 'OperationOutcome':
      return {
        ...outcomeAnswer(status, [{ severity: 'information', code: 'informational', diagnostics }], headers),
        lastUpdated,
      };
    default:
      return { ...json(status, rendered.text ?? '', headers), lastUpdated };
  }
}

export function renderedOf(record: StoredVersion): Rendered {
  const { type, id, version, lastUpdated, text } = record;
  return { type, id, version, lastUpdated, text };
}
