import { describe, expect, it } from 'vitest';
import type { ExactObject } from './resource.ts';
import { directoryCopy, identifiersOf } from './directory.ts';

describe('the directory copy', () => {
  const practitioner: ExactObject = {
    resourceType: 'Practitioner',
    id: 'p',
    text: { status: 'generated', div: '<div>lives at 1 Home Street</div>' },
    name: [{ family: 'Kub' }],
    birthDate: '1970-01-01',
    _birthDate: { extension: [{ url: 'http://example.org/time', valueDateTime: '1970-01-01T10:00:00Z' }] },
    photo: [{ url: 'http://example.org/me.png' }],
    gender: 'female',
    address: [{ use: 'home', city: 'Home' }, { use: 'work', city: 'Ward' }, { city: 'Unmarked' }],
    telecom: [
      { system: 'phone', value: '1', use: 'mobile' },
      { system: 'phone', value: '2' },
    ],
    qualification: [{ code: { text: 'MD' } }],
  };

  it('keeps of a Practitioner only what is about work', () => {
    expect(directoryCopy(practitioner)).toEqual({
      resourceType: 'Practitioner',
      id: 'p',
      name: [{ family: 'Kub' }],
      gender: 'female',
      address: [{ use: 'work', city: 'Ward' }],
      qualification: [{ code: { text: 'MD' } }],
    });
  });

  it('leaves an Organization as it is', () => {
    const organization = {
      resourceType: 'Organization',
      address: [{ city: 'Boston' }],
      telecom: [{ value: '1' }],
    };
    expect(directoryCopy(organization)).toBe(organization);
  });

  it('lists identifiers once, sorted, with empty systems', () => {
    expect(
      identifiersOf({
        resourceType: 'Organization',
        identifier: [{ value: '2' }, { system: 'urn:a', value: '1' }, { value: '2' }, { system: 'urn:b' }],
      }),
    ).toEqual(['urn:a|1', '|2'].sort());
  });
});
