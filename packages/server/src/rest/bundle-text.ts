import { CONFIDENTIALITIES, type RecordLabels, SENSITIVITIES } from '@healthchain/core';
import { CONFIDENTIALITY_SYSTEM, SENSITIVITY_SYSTEM } from '../fhir/index.ts';

/** An entry of a bundle that is answered. `resource` is JSON text and is copied byte for byte. */
export interface BundleEntry {
  readonly fullUrl?: string;
  readonly resource?: string;
  readonly search?: {
    readonly mode: 'match' | 'include' | 'outcome';
    readonly score?: number;
    readonly extension?: readonly object[];
  };
  readonly request?: { readonly method: string; readonly url: string };
  readonly response?: Readonly<Record<string, string>> & { readonly status: string };
  /** JSON text of an OperationOutcome inside `response`. */
  readonly outcome?: string;
}

export interface BundleHead {
  readonly type: 'searchset' | 'history' | 'batch-response' | 'transaction-response';
  readonly id?: string;
  readonly timestamp?: string;
  readonly total?: number;
  readonly links?: readonly { readonly relation: 'self' | 'next' | 'first'; readonly url: string }[];
  /** Labels of everything inside: the answer carries the highest (health.md section 3). */
  readonly labels?: readonly RecordLabels[];
}

/** The text of a bundle. Resources go in as text, so that they keep the bytes they have everywhere. */
export function bundleText(head: BundleHead, entries: readonly BundleEntry[]): string {
  const security = highestLabel(head.labels ?? []);
  const members = [
    '"resourceType":"Bundle"',
    ...(head.id === undefined ? [] : [`"id":${JSON.stringify(head.id)}`]),
    ...(security.length === 0 ? [] : [`"meta":${JSON.stringify({ security })}`]),
    `"type":"${head.type}"`,
    ...(head.timestamp === undefined ? [] : [`"timestamp":${JSON.stringify(head.timestamp)}`]),
    ...(head.total === undefined ? [] : [`"total":${head.total}`]),
    ...(head.links === undefined ? [] : [`"link":${JSON.stringify(head.links)}`]),
    ...(entries.length === 0 ? [] : [`"entry":[${entries.map(entryText).join(',')}]`]),
  ];
  return `{${members.join(',')}}`;
}

function entryText(entry: BundleEntry): string {
  const members = [
    ...(entry.fullUrl === undefined ? [] : [`"fullUrl":${JSON.stringify(entry.fullUrl)}`]),
    ...(entry.resource === undefined ? [] : [`"resource":${entry.resource}`]),
    ...(entry.search === undefined ? [] : [`"search":${JSON.stringify(entry.search)}`]),
    ...(entry.request === undefined ? [] : [`"request":${JSON.stringify(entry.request)}`]),
    ...(entry.response === undefined ? [] : [`"response":${responseText(entry.response, entry.outcome)}`]),
  ];
  return `{${members.join(',')}}`;
}

function responseText(response: Readonly<Record<string, string>>, outcome: string | undefined): string {
  const text = JSON.stringify(response);
  return outcome === undefined ? text : `${text.slice(0, -1)},"outcome":${outcome}}`;
}

/** The highest confidentiality and every sensitivity of what is inside. */
function highestLabel(labels: readonly RecordLabels[]): { readonly system: string; readonly code: string }[] {
  if (labels.length === 0) return [];
  const level =
    CONFIDENTIALITIES.findLast((code) => labels.some(({ confidentiality }) => confidentiality === code)) ??
    'N';
  const codes = SENSITIVITIES.filter((code) =>
    labels.some(({ sensitivities }) => sensitivities.includes(code)),
  );
  return [
    { system: CONFIDENTIALITY_SYSTEM, code: level },
    ...codes.toSorted().map((code) => ({ system: SENSITIVITY_SYSTEM, code })),
  ];
}
