import type { RecordLabels, Sensitivity } from '@healthchain/core';
import { SENSITIVITIES } from '@healthchain/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FhirError } from './errors.ts';
import {
  CATEGORY_SYSTEM,
  CONFIDENTIALITY_SYSTEM,
  labelRecord,
  labelReferences,
  SENSITIVITY_SYSTEM,
  withLabels,
} from './labels.ts';
import type { PlainResource } from './resource.ts';

const label = (
  resource: object,
  known: Record<string, RecordLabels> = {},
  previous?: RecordLabels,
): RecordLabels =>
  labelRecord(resource as PlainResource, {
    labelsOf: (reference) => known[reference],
    ...(previous === undefined ? {} : { previous }),
  });
const sensitivities = (resource: object): readonly Sensitivity[] => label(resource).sensitivities;
const restricted = (...carried: Sensitivity[]): RecordLabels => ({
  categories: ['encounters'],
  confidentiality: 'R',
  sensitivities: carried,
});

describe('labels by code', () => {
  it.each([
    ['http://hl7.org/fhir/sid/icd-10', 'F10.2', 'ETH'],
    ['http://hl7.org/fhir/sid/icd-10-cm', 'F1120', 'ETH'],
    ['http://hl7.org/fhir/sid/icd-10', 'F32.1', 'PSY'],
    ['http://hl7.org/fhir/sid/icd-10', 'F99', 'PSY'],
    ['http://hl7.org/fhir/sid/icd-10', 'B20', 'HIV'],
    ['http://hl7.org/fhir/sid/icd-10-cm', 'O98.711', 'HIV'],
    ['http://hl7.org/fhir/sid/icd-10', 'Z72.5', 'SEX'],
    ['http://hl7.org/fhir/sid/icd-10-cm', 'T74.21XA', 'SDV'],
    ['http://hl7.org/fhir/sid/icd-10', 'A54.9', 'STD'],
    ['http://hl7.org/fhir/sid/icd-10', 'Z15.01', 'GDIS'],
    ['http://hl7.org/fhir/sid/icd-9-cm', '042', 'HIV'],
    ['http://loinc.org', '20507-0', 'STD'],
    ['http://snomed.info/sct', '7200002', 'ETH'],
    ['http://www.ama-assn.org/go/cpt', '86703-QW', 'HIV'],
    ['http://www.nlm.nih.gov/research/umls/rxnorm', '1819', 'ETH'],
    [undefined, '44249-1', 'PSY'],
    ['urn:example:wrong', '86406008', 'HIV'],
  ] as [string | undefined, string, Sensitivity][])('%s %s carries %s', (system, code, expected) => {
    const labels = label({ resourceType: 'Condition', code: { coding: [{ system, code }] } });
    expect(labels).toMatchObject({ confidentiality: 'R' });
    expect(labels.sensitivities).toContain(expected);
  });

  it.each([
    ['http://hl7.org/fhir/sid/icd-10', 'F09'],
    ['http://hl7.org/fhir/sid/icd-10', 'B19.9'],
    ['http://hl7.org/fhir/sid/icd-10', 'O98.6'],
    ['http://hl7.org/fhir/sid/icd-10', 'I10'],
    ['http://loinc.org', '4548-4'],
    ['http://snomed.info/sct', '44054006'],
    ['http://hl7.org/fhir/sid/cvx', '08'],
  ])('%s %s is N', (system, code) => {
    expect(label({ resourceType: 'Condition', code: { coding: [{ system, code }] } })).toEqual({
      categories: ['problems'],
      confidentiality: 'N',
      sensitivities: [],
    });
  });

  it('does not take beds, dates, postal codes and hearing aids for diagnoses', () => {
    expect(
      sensitivities({ resourceType: 'Encounter', location: [{ location: { display: 'Bed B22' } }] }),
    ).toEqual([]);
    expect(
      sensitivities({ resourceType: 'Patient', birthDate: '2020-10-20', address: [{ postalCode: '86703' }] }),
    ).toEqual([]);
    expect(sensitivities({ resourceType: 'Device', note: [{ text: 'Hearing aids fitted' }] })).toEqual([]);
    expect(sensitivities({ resourceType: 'Observation', note: [{ text: 'ST depression in V2' }] })).toEqual(
      [],
    );
  });

  it('labels every genetics record', () => {
    expect(label({ resourceType: 'MolecularSequence' })).toEqual({
      categories: ['genetics'],
      confidentiality: 'R',
      sensitivities: ['GDIS'],
    });
  });
});

describe('attack: an HIV code hidden in any field', () => {
  /** Written by hand, apart from the rules. */
  const CODES = [
    { system: 'http://hl7.org/fhir/sid/icd-10', code: 'B20' },
    { system: 'http://hl7.org/fhir/sid/icd-10', code: 'B24' },
    { system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'Z21' },
    { system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'O98.713' },
    { system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'O98713' },
    { system: 'http://snomed.info/sct', code: '86406008' },
    { system: 'http://snomed.info/sct', code: '165816005' },
    { system: 'http://snomed.info/sct', code: '62479008' },
    { system: 'http://loinc.org', code: '56888-1' },
    { system: 'http://loinc.org', code: '25836-8' },
    { system: 'http://loinc.org', code: '75622-1' },
    { system: 'http://loinc.org', code: '7918-6' },
    { system: 'http://www.ama-assn.org/go/cpt', code: '87389' },
  ] as const;
  type Hide = (coding: (typeof CODES)[number]) => object;
  const HIDES: Readonly<Record<string, Hide>> = {
    code: (coding) => ({ resourceType: 'Observation', code: { coding: [{ code: 'x' }, coding] } }),
    'value without system': ({ code }) => ({
      resourceType: 'Observation',
      valueCodeableConcept: { coding: [{ code }] },
    }),
    'component value': (coding) => ({
      resourceType: 'Observation',
      component: [{ valueCodeableConcept: { coding: [coding] } }],
    }),
    text: ({ code }) => ({ resourceType: 'Condition', code: { text: code } }),
    'value string': ({ code }) => ({ resourceType: 'Observation', valueString: code }),
    'list in a string': ({ code }) => ({ resourceType: 'Observation', valueString: `I10; ${code}, E11.9` }),
    'billing line': (coding) => ({
      resourceType: 'Claim',
      item: [{ sequence: 1, productOrService: { coding: [coding] } }],
    }),
    'billing detail': (coding) => ({
      resourceType: 'ExplanationOfBenefit',
      item: [{ detail: [{ subDetail: [{ modifier: [{ coding: [coding] }] }] }] }],
    }),
    'claim diagnosis': (coding) => ({
      resourceType: 'Claim',
      diagnosis: [{ diagnosisCodeableConcept: { coding: [coding] } }],
    }),
    contained: (coding) => ({
      resourceType: 'DiagnosticReport',
      contained: [{ resourceType: 'Observation', id: 'a', code: { coding: [coding] } }],
    }),
    'nested extension': (coding) => ({
      resourceType: 'Patient',
      extension: [{ url: 'http://example.org/a', extension: [{ url: 'b', valueCoding: coding }] }],
    }),
    'extension of a primitive': ({ code }) => ({
      resourceType: 'Patient',
      _birthDate: { extension: [{ url: 'http://example.org/a', valueCode: code }] },
    }),
    identifier: (coding) => ({
      resourceType: 'Basic',
      identifier: [{ system: coding.system, value: coding.code }],
    }),
    'data requirement': (coding) => ({
      resourceType: 'GuidanceResponse',
      dataRequirement: [{ codeFilter: [{ code: [coding] }] }],
    }),
    'document entry': (coding) => ({
      resourceType: 'Bundle',
      entry: [{ resource: { resourceType: 'Condition', code: { coding: [coding] } } }],
    }),
    'text attachment': ({ code }) => ({
      resourceType: 'DocumentReference',
      content: [{ attachment: { contentType: 'text/plain', data: Buffer.from(code).toString('base64') } }],
    }),
    'lower case': ({ code }) => ({ resourceType: 'Condition', code: { text: ` ${code.toLowerCase()} ` } }),
    tag: (coding) => ({ resourceType: 'Observation', meta: { tag: [coding] } }),
  };

  it.each(Object.keys(HIDES))('is found in: %s', (place) => {
    for (const coding of CODES)
      expect(sensitivities(HIDES[place]?.(coding) ?? {}), coding.code).toContain('HIV');
  });

  it('is found at any depth under any member name', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CODES),
        fc.array(fc.constantFrom('note', 'value', 'extension', 'x', 'detail'), { maxLength: 12 }),
        (coding, path) => {
          const nested = path.reduce<unknown>((inner, name) => ({ [name]: [inner] }), { coding: [coding] });
          expect(sensitivities({ resourceType: 'Basic', nested })).toContain('HIV');
        },
      ),
    );
  });

  it.each([
    'HIV-1 antibody screen',
    'hiv positive',
    '<div>AIDS</div>',
    'started on Biktarvy',
    'Human immunodeficiency virus 1',
  ])('is found in words: %s', (text) => {
    expect(sensitivities({ resourceType: 'Communication', payload: [{ contentString: text }] })).toEqual([
      'HIV',
    ]);
  });
});

describe('raising, inheriting, never lowering', () => {
  const security = (...codings: [string, string][]): object => ({
    meta: { security: codings.map(([system, code]) => ({ system, code })) },
  });

  it('lets an author raise', () => {
    const raised = {
      resourceType: 'Condition',
      ...security([CONFIDENTIALITY_SYSTEM, 'R'], [SENSITIVITY_SYSTEM, 'SDV']),
    };
    expect(label(raised)).toMatchObject({ confidentiality: 'R', sensitivities: ['SDV'] });
    expect(label({ resourceType: 'Condition', ...security([CONFIDENTIALITY_SYSTEM, 'V']) })).toMatchObject({
      confidentiality: 'V',
    });
    expect(
      label({ resourceType: 'Condition', ...security([SENSITIVITY_SYSTEM, 'BH']) }).sensitivities,
    ).toEqual(['ETH', 'PSY']);
  });

  it('refuses an R that names no sensitivity', () => {
    const unnamed = { resourceType: 'Condition', ...security([CONFIDENTIALITY_SYSTEM, 'R']) };
    expect(() => label(unnamed)).toThrow(
      expect.objectContaining({ code: 'UNNAMED_RESTRICTION' }) as FhirError,
    );
  });

  it('does not let an author lower what a code raises', () => {
    const lowered = {
      resourceType: 'Condition',
      ...security([CONFIDENTIALITY_SYSTEM, 'N']),
      code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10', code: 'B20' }] },
    };
    expect(label(lowered)).toMatchObject({ confidentiality: 'R', sensitivities: ['HIV'] });
  });

  it('never lowers what the version before carried', () => {
    fc.assert(
      fc.property(
        fc.subarray([...SENSITIVITIES], { minLength: 1 }),
        fc.constantFrom('R', 'V'),
        (carried, confidentiality) => {
          const previous: RecordLabels = {
            categories: ['problems'],
            confidentiality,
            sensitivities: carried,
          };
          const labels = label(
            { resourceType: 'Condition', ...security([CONFIDENTIALITY_SYSTEM, 'N']) },
            {},
            previous,
          );
          expect(labels.confidentiality).toBe(confidentiality);
          expect(labels.sensitivities).toEqual([...carried].sort());
        },
      ),
    );
  });

  it('inherits from the encounter, wherever it is named, and from a report’s results', () => {
    const known = { 'Encounter/e': restricted('PSY'), 'Observation/o': restricted('STD') };
    for (const resource of [
      { resourceType: 'Observation', encounter: { reference: 'Encounter/e' } },
      { resourceType: 'Claim', item: [{ encounter: [{ reference: 'Encounter/e' }] }] },
      { resourceType: 'DocumentReference', context: { encounter: [{ reference: 'Encounter/e' }] } },
    ]) {
      expect(label(resource, known)).toMatchObject({ confidentiality: 'R', sensitivities: ['PSY'] });
      expect(labelReferences(resource as unknown as PlainResource)).toEqual(['Encounter/e']);
    }
    expect(
      label({ resourceType: 'DiagnosticReport', result: [{ reference: 'Observation/o' }] }, known)
        .sensitivities,
    ).toEqual(['STD']);
    expect(
      label({ resourceType: 'Provenance', target: [{ reference: 'Observation/o' }] }, known).sensitivities,
    ).toEqual(['STD']);
  });
});

describe('the stored copy', () => {
  const labels: RecordLabels = {
    categories: ['laboratory'],
    confidentiality: 'R',
    sensitivities: ['HIV', 'STD'],
  };
  const resource = {
    resourceType: 'Observation',
    meta: {
      tag: [
        { system: 'urn:client', code: 't' },
        { system: CATEGORY_SYSTEM, code: 'claims' },
      ],
      security: [
        { system: CONFIDENTIALITY_SYSTEM, code: 'N' },
        { system: SENSITIVITY_SYSTEM, code: 'ETH' },
        { system: 'urn:client', code: 's' },
      ],
    },
  };

  it('states the labels once and keeps the client’s own tags', () => {
    const stored = withLabels(resource, labels);
    expect(stored['meta']).toEqual({
      tag: [
        { system: 'urn:client', code: 't' },
        { system: CATEGORY_SYSTEM, version: '1', code: 'laboratory' },
      ],
      security: [
        { system: 'urn:client', code: 's' },
        { system: CONFIDENTIALITY_SYSTEM, code: 'R' },
        { system: SENSITIVITY_SYSTEM, code: 'HIV' },
        { system: SENSITIVITY_SYSTEM, code: 'STD' },
      ],
    });
    expect(withLabels(stored, labels)).toEqual(stored);
  });
});
