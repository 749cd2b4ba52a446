import type { Category } from '@healthchain/core';
import { describe, expect, it } from 'vitest';
import { categorise, categoryReferences } from './categories.ts';
import type { PlainResource } from './resource.ts';

const OBSERVATION = 'http://terminology.hl7.org/CodeSystem/observation-category';
const SECTION = 'http://terminology.hl7.org/CodeSystem/v2-0074';
const of = (resource: object, known: Record<string, readonly Category[]> = {}): readonly Category[] =>
  categorise(resource as PlainResource, (reference) => known[reference]);
const category = (...codings: [string, string][]): object[] =>
  codings.map(([system, code]) => ({ coding: [{ system, code }] }));

describe('categories', () => {
  it.each([
    ['Patient', 'demographics'],
    ['RelatedPerson', 'demographics'],
    ['AllergyIntolerance', 'allergies'],
    ['AdverseEvent', 'problems'],
    ['MedicationRequest', 'medication'],
    ['MolecularSequence', 'genetics'],
    ['Specimen', 'laboratory'],
    ['DeviceRequest', 'procedures'],
    ['SupplyRequest', 'procedures'],
    ['Appointment', 'encounters'],
    ['Communication', 'documents'],
    ['ServiceRequest', 'plans'],
    ['Task', 'plans'],
    ['CoverageEligibilityRequest', 'claims'],
    ['Invoice', 'claims'],
    ['Basic', 'other'],
  ] as const)('%s is %s', (resourceType, expected) => {
    expect(of({ resourceType })).toEqual([expected]);
  });

  it.each([
    [[[OBSERVATION, 'laboratory']], 'laboratory'],
    [[[OBSERVATION, 'vital-signs']], 'vital-signs'],
    [[[OBSERVATION, 'survey']], 'social'],
    [[[OBSERVATION, 'exam']], 'other'],
    [
      [
        [OBSERVATION, 'social-history'],
        [OBSERVATION, 'laboratory'],
      ],
      'laboratory',
    ],
    [
      [
        [SECTION, 'GE'],
        [OBSERVATION, 'laboratory'],
      ],
      'genetics',
    ],
    [[['urn:example:local', 'laboratory']], 'other'],
    [[], 'other'],
  ] as [[string, string][], Category][])('takes the first of the table for %j: %s', (codings, expected) => {
    expect(of({ resourceType: 'Observation', category: category(...codings) })).toEqual([expected]);
    expect(of({ resourceType: 'DiagnosticReport', category: category(...codings) })).toEqual([expected]);
  });

  it('gives a document the categories of all its entries', () => {
    const composition = {
      resourceType: 'Composition',
      section: [
        { entry: [{ reference: 'Observation/o' }, { reference: 'Practitioner/p' }] },
        {
          section: [
            {
              section: [
                { section: [{ entry: [{ reference: 'Claim/c' }, { reference: 'Condition/unknown' }] }] },
              ],
            },
          ],
        },
      ],
    };
    const known = { 'Observation/o': ['laboratory'], 'Claim/c': ['claims'] } as const;
    expect(of(composition, known)).toEqual(['claims', 'documents', 'laboratory', 'other']);
    expect(categoryReferences(composition as unknown as PlainResource)).toEqual([
      'Observation/o',
      'Practitioner/p',
      'Claim/c',
      'Condition/unknown',
    ]);
    const bundle = {
      resourceType: 'Bundle',
      entry: [{ resource: composition }, { resource: { resourceType: 'Patient' } }],
    };
    expect(of(bundle, known)).toEqual(['claims', 'demographics', 'documents', 'laboratory', 'other']);
  });

  it('gives a Provenance its targets’ and a Binary its context’s, or other when nobody knows them', () => {
    const provenance = {
      resourceType: 'Provenance',
      target: [{ reference: 'Claim/c' }, { reference: 'Encounter/e' }],
    };
    expect(of(provenance, { 'Claim/c': ['claims'], 'Encounter/e': ['encounters'] })).toEqual([
      'claims',
      'encounters',
    ]);
    expect(of(provenance, { 'Claim/c': ['claims'] })).toEqual(['claims', 'other']);
    const binary = { resourceType: 'Binary', securityContext: { reference: 'DocumentReference/d' } };
    expect(of(binary, { 'DocumentReference/d': ['documents'] })).toEqual(['documents']);
    expect(of({ resourceType: 'Binary' })).toEqual(['other']);
  });

  it('gives directory entries none', () => {
    expect(of({ resourceType: 'Practitioner' })).toEqual([]);
  });
});
