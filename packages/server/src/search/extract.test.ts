import { describe, expect, it } from 'vitest';
import { RESOURCE_TYPES } from '../fhir/type-table.ts';
import type { PlainResource } from '../fhir/resource.ts';
import { searchParameters } from './definitions.ts';
import { extractRows } from './extract.ts';

const rows = (resource: object, code: string): unknown[] =>
  extractRows(resource as PlainResource, [])
    .filter((row) => row.code === code)
    .map(({ values }) => values);

describe('search parameters of R4', () => {
  it('compile for every type', () => {
    for (const type of Object.keys(RESOURCE_TYPES)) {
      const parameters = searchParameters(type);
      expect(parameters.has('_tag'), type).toBe(true);
      for (const { kind, code, paths } of parameters.values()) {
        expect(paths.length, `${type}.${code} ${kind}`).toBeGreaterThan(0);
      }
    }
  });

  it('leave out what has no expression or no index here', () => {
    const patient = searchParameters('Patient');
    for (const code of ['_text', '_content', '_query']) expect(patient.has(code)).toBe(false);
    expect(searchParameters('Location').has('near')).toBe(false);
    expect(searchParameters('Thing').size).toBe(0);
  });

  it('follow choices, filters and positions', () => {
    expect(
      rows(
        {
          resourceType: 'Patient',
          telecom: [
            { system: 'email', value: 'a@b' },
            { system: 'phone', value: '1' },
          ],
        },
        'email',
      ),
    ).toEqual([['a@b', 'email']]);
    expect(rows({ resourceType: 'Patient', deceasedDateTime: '2020-01-01' }, 'deceased')).toEqual([
      ['true', ''],
    ]);
    expect(rows({ resourceType: 'Patient', deceasedBoolean: false }, 'deceased')).toEqual([['false', '']]);
    expect(rows({ resourceType: 'Patient' }, 'deceased')).toEqual([]);
    expect(
      rows({ resourceType: 'Observation', valueCodeableConcept: { text: 'Blue' } }, 'value-string'),
    ).toEqual([['blue', 'Blue']]);
    expect(rows({ resourceType: 'Observation', valueString: 'Red' }, 'value-string')).toEqual([
      ['red', 'Red'],
    ]);
    expect(rows({ resourceType: 'Condition', onsetAge: { value: 40, unit: 'a' } }, 'onset-age')).toEqual([
      [40, 40, '', '', 'a'],
    ]);
    expect(rows({ resourceType: 'Encounter', subject: { reference: 'Group/g' } }, 'patient')).toEqual([]);
    expect(
      rows({ resourceType: 'Invoice', totalGross: { value: 5, currency: 'EUR' } }, 'totalgross'),
    ).toEqual([[5, 5, 'urn:iso:std:iso:4217', 'EUR', 'EUR']]);
  });

  it('index a value once, however many paths lead to it', () => {
    expect(
      rows({ resourceType: 'Observation', code: { coding: [{ code: 'a' }, { code: 'a' }] } }, 'combo-code'),
    ).toEqual([['a', '']]);
  });
});
