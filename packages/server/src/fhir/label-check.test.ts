import type { RecordLabels } from '@healthchain/core';
import { expect, it } from 'vitest';
import { areLabelsPossible } from './label-check.ts';
import { CATEGORY_SYSTEM, RULES_VERSION, withLabels } from './labels.ts';
import type { ExactResource, PlainResource } from './resource.ts';

const LABORATORY: RecordLabels = { categories: ['laboratory'], confidentiality: 'N', sensitivities: [] };
const HIV: RecordLabels = { categories: ['laboratory'], confidentiality: 'R', sensitivities: ['HIV'] };
const SYSTEM = 'http://terminology.hl7.org/CodeSystem/observation-category';

const observation = (code: object, category = 'laboratory') => ({
  resourceType: 'Observation',
  category: [{ coding: [{ system: SYSTEM, code: category }] }],
  code: { coding: [code] },
});
const glucose = observation({ system: 'http://loinc.org', code: '2339-0' });
const aids = observation({ system: 'http://hl7.org/fhir/sid/icd-10', code: 'B20' });
const isPossible = (resource: object, labels: RecordLabels): boolean =>
  areLabelsPossible(resource as PlainResource, labels);

it.each([
  ['its own', glucose, LABORATORY],
  ['its own, restricted', aids, HIV],
  ['more than it shows: it may have inherited them', glucose, HIV],
  ['very restricted', aids, { ...HIV, confidentiality: 'V' }],
] as const)('labels are possible that are %s', (_, resource, labels) => {
  expect(isPossible(resource, labels)).toBe(true);
  expect(isPossible(withLabels(resource as ExactResource, labels), labels)).toBe(true);
});

it.each([
  ['hide a sensitivity', aids, LABORATORY],
  ['name another sensitivity', aids, { ...HIV, sensitivities: ['PSY'] }],
  [
    'lower what the author asked',
    {
      ...glucose,
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }] },
    },
    LABORATORY,
  ],
  ['file it away', glucose, { ...LABORATORY, categories: ['other'] }],
  ['file it under more', glucose, { ...LABORATORY, categories: ['claims', 'laboratory'] }],
] as const)('labels are not possible that %s', (_, resource, labels) => {
  expect(isPossible(resource, labels as RecordLabels)).toBe(false);
});

it('leaves a document’s categories to what it lists', () => {
  const section = [{ entry: [{ reference: 'Observation/1' }] }];
  const document = { resourceType: 'Composition', section };
  const labels: RecordLabels = { ...LABORATORY, categories: ['documents', 'laboratory'] };
  expect(isPossible(document, labels)).toBe(true);
});

it('denies nothing of what other rules labelled', () => {
  const tagged = (version: string) => ({
    ...aids,
    meta: { tag: [{ system: CATEGORY_SYSTEM, version, code: 'laboratory' }] },
  });
  expect(isPossible(tagged('999'), LABORATORY)).toBe(true);
  expect(isPossible(tagged(RULES_VERSION), LABORATORY)).toBe(false);
});
