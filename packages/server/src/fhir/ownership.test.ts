import { describe, expect, it } from 'vitest';
import { ownershipOf } from './ownership.ts';
import type { PlainResource } from './resource.ts';

const BASE = 'http://north.example/fhir';
const observation = (subject: unknown, more: object = {}): PlainResource =>
  ({ resourceType: 'Observation', subject, ...more }) as unknown as PlainResource;

describe('the persons of a resource', () => {
  it('reads relative, versioned and member-absolute references as one record', () => {
    for (const reference of ['Patient/a', 'Patient/a/_history/2', `${BASE}/Patient/a`]) {
      expect(ownershipOf(observation({ reference }), [BASE])).toEqual({
        kind: 'persons',
        patients: ['Patient/a'],
        through: [],
      });
    }
  });

  it.each([
    ['an identifier alone', { identifier: { value: '1' } }],
    ['a display alone', { display: 'Maria' }],
    ['a URL of no member', { reference: 'http://elsewhere.example/fhir/Patient/a' }],
    ['a bundle entry that was not resolved', { reference: 'urn:uuid:11111111-1111-4111-8111-111111111111' }],
    ['a conditional reference', { reference: 'Patient?identifier=1' }],
    ['a contained Patient', { reference: '#p' }],
  ])('does not guess a person from %s', (_, subject) => {
    const contained = [{ resourceType: 'Patient', id: 'p' }];
    expect(ownershipOf(observation(subject, { contained }), [BASE])).toEqual({
      kind: 'unresolved',
      element: 'Observation.subject',
    });
  });

  it('knows a clinical record of no person', () => {
    expect(ownershipOf(observation(undefined))).toEqual({ kind: 'no-person' });
    expect(ownershipOf(observation({ reference: 'Device/d' }))).toEqual({ kind: 'no-person' });
    expect(ownershipOf(observation({ type: 'Location', display: 'ward' }))).toEqual({ kind: 'no-person' });
  });

  it('passes through a group to its members', () => {
    expect(ownershipOf(observation({ reference: 'Group/g' }))).toEqual({
      kind: 'persons',
      patients: [],
      through: ['Group/g'],
    });
  });

  it('collects every person of a record of several, and of every entry of a document', () => {
    const appointment = {
      resourceType: 'Appointment',
      participant: [
        { actor: { reference: 'Patient/b' } },
        { actor: { reference: 'Practitioner/p' } },
        { actor: { reference: 'Patient/a' } },
      ],
    } as unknown as PlainResource;
    expect(ownershipOf(appointment)).toMatchObject({ patients: ['Patient/a', 'Patient/b'] });
    const bundle = {
      resourceType: 'Bundle',
      entry: [{ resource: observation({ reference: 'Patient/c' }) }, { resource: appointment }],
    } as unknown as PlainResource;
    expect(ownershipOf(bundle)).toMatchObject({ patients: ['Patient/a', 'Patient/b', 'Patient/c'] });
  });

  it('takes the owners of what a Provenance or a Binary points at', () => {
    const provenance = {
      resourceType: 'Provenance',
      target: [{ reference: 'Observation/o' }, { reference: 'Patient/a' }],
    };
    expect(ownershipOf(provenance as unknown as PlainResource)).toEqual({
      kind: 'persons',
      patients: ['Patient/a'],
      through: ['Observation/o'],
    });
  });
});
