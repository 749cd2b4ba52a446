/** Small valid resources for tests. */
export const patient = (identifier: string, family = 'Test'): Record<string, unknown> => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:test:mrn', value: identifier }],
  name: [{ family }],
});

export const observation = (
  patientId: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  resourceType: 'Observation',
  status: 'final',
  category: [
    {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }],
    },
  ],
  code: { coding: [{ system: 'http://loinc.org', code: '4548-4' }] },
  subject: { reference: patientId.includes(':') ? patientId : `Patient/${patientId}` },
  ...more,
});

export const organization = (identifier: string, name = 'Clinic'): Record<string, unknown> => ({
  resourceType: 'Organization',
  identifier: [{ system: 'urn:test:org', value: identifier }],
  name,
});

export const practitioner = (identifier: string): Record<string, unknown> => ({
  resourceType: 'Practitioner',
  identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: identifier }],
  name: [{ family: 'Doctor' }],
});

export interface TestEntry {
  readonly method: string;
  readonly url: string;
  readonly resource?: Record<string, unknown>;
  readonly fullUrl?: string;
  readonly ifNoneExist?: string;
  readonly ifMatch?: string;
}

export const bundleOf = (
  type: 'batch' | 'transaction',
  entries: readonly TestEntry[],
): Record<string, unknown> => ({
  resourceType: 'Bundle',
  type,
  entry: entries.map(({ fullUrl, resource, ...request }) => ({
    ...(fullUrl === undefined ? {} : { fullUrl }),
    ...(resource === undefined ? {} : { resource }),
    request,
  })),
});

export const post = (resource: Record<string, unknown>, fullUrl?: string): TestEntry => ({
  method: 'POST',
  url: String(resource['resourceType']),
  resource,
  ...(fullUrl === undefined ? {} : { fullUrl }),
});
