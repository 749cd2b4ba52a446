import { beforeAll, describe, expect, it } from 'vitest';
import { readResource, resourceText } from './exact.ts';
import { initialiseValidation } from './schema.ts';
import { subsetOf } from './subset.ts';

beforeAll(() => initialiseValidation());

const TAG = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };
const resource = readResource(
  '{"resourceType":"Observation","id":"o","meta":{"versionId":"1","tag":[{"code":"t"}]},"text":{"status":"empty"},"status":"final","_status":{"id":"s"},"code":{"text":"a"},"valueQuantity":{"value":1.00},"note":[{"text":"n"}]}',
);
const namesOf = (subset: Parameters<typeof subsetOf>[1]): string[] => Object.keys(subsetOf(resource, subset));

describe('subsets', () => {
  it.each([
    ['true', ['resourceType', 'id', 'meta', 'status', '_status', 'code', 'valueQuantity']],
    ['text', ['resourceType', 'id', 'meta', 'text', 'status', '_status', 'code']],
    ['data', ['resourceType', 'id', 'meta', 'status', '_status', 'code', 'valueQuantity', 'note']],
    [{ elements: ['note'] }, ['resourceType', 'id', 'meta', 'status', '_status', 'code', 'note']],
    [{ elements: ['value'] }, ['resourceType', 'id', 'meta', 'status', '_status', 'code', 'valueQuantity']],
  ] as const)('%j keeps %j', (subset, names) => {
    expect(namesOf(subset)).toEqual(names);
  });

  it('are tagged, and keep digits', () => {
    const summary = subsetOf(resource, 'true');
    expect(summary['meta']).toEqual({ versionId: '1', tag: [{ code: 't' }, TAG] });
    expect(resourceText(summary)).toContain('"value":1.00');
  });
});
