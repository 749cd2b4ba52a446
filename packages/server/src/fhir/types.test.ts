import { DIRECTORY_TYPES } from '@healthchain/contracts';
import { CATEGORIES } from '@healthchain/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { categorise } from './categories.ts';
import { minimalInstance } from './instances.fixture.ts';
import { type Ownership, ownershipOf } from './ownership.ts';
import { initialiseValidation, loadedSchema } from './schema.ts';
import { type Kind, RESOURCE_TYPES } from './type-table.ts';
import { validate } from './validate.ts';

const PERSON = 'Patient/11111111-1111-4111-8111-111111111111';
/** Reference(Device), Reference(Schedule) …: owners that are never a Patient. */
const ONLY_THROUGH = ['DeviceMetric', 'Slot', 'EnrollmentResponse'];
const TYPES = Object.keys(RESOURCE_TYPES);

it('the directory is what the contract takes in clear', () => {
  const directory = TYPES.filter((type) => RESOURCE_TYPES[type]?.kind === 'directory');
  expect(directory.toSorted()).toEqual(DIRECTORY_TYPES.toSorted());
});

const expected: Readonly<Record<Kind, Ownership['kind']>> = {
  person: 'persons',
  several: 'persons',
  through: 'persons',
  'no-person': 'no-person',
  directory: 'directory',
  conformance: 'conformance',
  face: 'face',
  'contract-face': 'contract-face',
  never: 'never',
};

beforeAll(() => initialiseValidation());

describe('the table of resource types', () => {
  it('lists every concrete type of R4 and nothing else', () => {
    const { medplum } = loadedSchema();
    const concrete = TYPES.filter((type) => medplum.isResourceType(type));
    expect(concrete).toEqual(TYPES);
    expect(TYPES).toHaveLength(146);
  });

  it.each(TYPES)('accepts a minimal %s and places it as the table says', (type) => {
    const instance = minimalInstance(type);
    const row = RESOURCE_TYPES[type];
    expect(validate(instance).filter(({ severity }) => severity === 'error')).toEqual([]);
    const owned = ownershipOf(instance);
    expect(owned.kind).toBe(row?.kind === undefined ? undefined : expected[row.kind]);
    if (owned.kind === 'persons') {
      expect(owned.patients).toEqual(ONLY_THROUGH.includes(type) ? [] : [PERSON]);
      expect(owned.through).toHaveLength(ONLY_THROUGH.includes(type) ? 1 : 0);
    }
    const categories = categorise(instance, () => undefined);
    expect(categories.every((category) => CATEGORIES.includes(category))).toBe(true);
    expect(categories.length > 0).toBe(row?.category !== undefined);
  });

  it('makes a relation of encounters, appointments and orders', () => {
    const relating = TYPES.filter((type) => RESOURCE_TYPES[type]?.relation);
    expect(relating.sort()).toEqual([
      'Appointment',
      'CommunicationRequest',
      'DeviceRequest',
      'Encounter',
      'MedicationRequest',
      'NutritionOrder',
      'RequestGroup',
      'ServiceRequest',
      'SupplyRequest',
      'VisionPrescription',
    ]);
  });
});
