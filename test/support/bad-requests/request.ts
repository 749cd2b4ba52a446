import { recordOf, type Body } from '../resources.ts';
import type { Sent } from '../http.ts';

/** A patient of North and a record, about which the requests are. */
export interface Target {
  readonly patientId: string;
  readonly recordId: string;
  /** A patient of South about whom the caller may do nothing. */
  readonly strangerId: string;
  readonly strangersNationalId: string;
}

export interface BadRequest {
  readonly name: string;
  readonly sent: (target: Target) => Sent;
  readonly status: number;
  /** FHIR issue-type. */
  readonly code: string;
  /** Where the fault is, as the OperationOutcome says it. */
  readonly expression?: string;
}

export const NOWHERE = '6f1b1f0e-0b5c-4a5e-9d1c-1f2e3d4c5b6a';
export const FHIR = { 'content-type': 'application/fhir+json' } as const;

export const post = (
  path: string,
  body: string | Uint8Array | Body,
  headers: Readonly<Record<string, string>> = {},
): Sent => ({
  method: 'POST',
  path: `/fhir${path}`,
  headers: { ...FHIR, ...headers },
  body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
});
export const put = (path: string, body: object, headers: Readonly<Record<string, string>> = {}): Sent => ({
  ...post(path, JSON.stringify(body), headers),
  method: 'PUT',
});
export const get = (path: string, headers: Readonly<Record<string, string>> = {}): Sent => ({
  path: `/fhir${path}`,
  headers,
});

export const observation = ({ patientId }: Target, more: object = {}): Body => ({
  ...recordOf('Observation', patientId, 'a note'),
  ...more,
});
