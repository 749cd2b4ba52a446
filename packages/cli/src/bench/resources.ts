import { createRandom } from '../demo/random.ts';

/** Resources in one generated transaction bundle. */
export const BUNDLE_ENTRIES = 50;

type Resource = Readonly<Record<string, unknown>>;

/** About one kilobyte of laboratory result, as a laboratory system would send it; the same for the same number. */
export function laboratoryResult(patientId: string, number: number): Resource {
  const random = createRandom(number);
  return {
    resourceType: 'Observation',
    identifier: [{ system: 'urn:healthchain:bench', value: `result-${number}` }],
    status: 'final',
    category: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' },
        ],
      },
    ],
    code: {
      coding: [
        { system: 'http://loinc.org', code: '2345-7', display: 'Glucose [Mass/volume] in Serum or Plasma' },
      ],
    },
    subject: { reference: `Patient/${patientId}` },
    effectiveDateTime: `20${random.integer(15, 25)}-0${random.integer(1, 9)}-1${random.integer(0, 9)}T08:00:00Z`,
    valueQuantity: {
      value: random.integer(60, 240),
      unit: 'mg/dL',
      system: 'http://unitsofmeasure.org',
      code: 'mg/dL',
    },
    referenceRange: [{ low: { value: 70, unit: 'mg/dL' }, high: { value: 99, unit: 'mg/dL' } }],
    note: [{ text: `Sample ${number}. `.repeat(12) }],
  };
}

export function bundleOf(resources: readonly Resource[]): string {
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource) => ({
      fullUrl: `urn:uuid:${crypto.randomUUID()}`,
      resource,
      request: { method: 'POST', url: resource['resourceType'] },
    })),
  });
}

export function patientResource(number: number): Resource {
  return {
    resourceType: 'Patient',
    identifier: [{ system: 'urn:healthchain:bench:patient', value: `bench-${number}` }],
    name: [{ family: `Bench${number}`, given: ['Bea'] }],
    gender: 'female',
    birthDate: '1980-01-01',
  };
}
