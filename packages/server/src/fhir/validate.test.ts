import { beforeAll, describe, expect, it } from 'vitest';
import { readResource, plainResource } from './exact.ts';
import type { PlainResource } from './resource.ts';
import { initialiseValidation } from './schema.ts';
import { validate } from './validate.ts';

beforeAll(() => initialiseValidation());

const OBSERVATION = { resourceType: 'Observation', status: 'final', code: { text: 'a' } };
const observation = (more: object): object => ({ ...OBSERVATION, ...more });
const patient = (more: object): object => ({ resourceType: 'Patient', ...more });

/** What is refused, and the element that is named. */
const INVALID: readonly (readonly [string, object, string])[] = [
  ['a missing mandatory element', { resourceType: 'Observation', code: { text: 'a' } }, 'Observation.status'],
  ['an unknown element', observation({ colour: 'red' }), 'Observation.colour'],
  ['a code outside a required value set', observation({ status: 'done' }), 'Observation.status'],
  [
    'a coding outside a required value set',
    {
      resourceType: 'Condition',
      subject: { reference: 'Patient/a' },
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'better' }],
      },
    },
    'Condition.clinicalStatus',
  ],
  [
    'a required coding of another system',
    {
      resourceType: 'Condition',
      subject: { reference: 'Patient/a' },
      clinicalStatus: { coding: [{ system: 'urn:a', code: 'active' }] },
    },
    'Condition.clinicalStatus',
  ],
  ['an empty array', observation({ category: [] }), 'Observation.category'],
  ['an empty object', observation({ subject: {} }), 'Observation.subject'],
  ['an empty string', observation({ valueString: '' }), 'Observation.value'],
  ['null', observation({ subject: null }), 'Observation.subject'],
  ['null in an array of objects', observation({ category: [null] }), 'Observation.category[0]'],
  ['an array in an array', observation({ category: [[{ text: 'a' }]] }), 'Observation.category'],
  ['an id with a space', observation({ id: 'a b' }), 'Observation.id'],
  ['an id of 65 characters', observation({ id: 'a'.repeat(65) }), 'Observation.id'],
  ['an id that is a number', observation({ id: 1 }), 'Observation.id'],
  [
    'a reference to a type that may not stand there',
    observation({ subject: { reference: 'Medication/a' } }),
    'Observation.subject',
  ],
  [
    'an absolute reference to a wrong type',
    observation({ subject: { reference: 'https://a.example/fhir/Medication/a' } }),
    'Observation.subject',
  ],
  [
    'a reference whose type differs from its target',
    observation({ subject: { reference: 'Patient/a', type: 'Group' } }),
    'Observation.subject',
  ],
  ['two values of one choice', observation({ valueString: 'a', valueInteger: 1 }), 'Observation.value'],
  ['a month 13', observation({ effectiveDateTime: '2020-13-01' }), 'Observation.effective'],
  ['30 February', patient({ birthDate: '2020-02-30' }), 'Patient.birthDate'],
  [
    'a dateTime without an offset',
    observation({ effectiveDateTime: '2020-01-01T10:00:00' }),
    'Observation.effective',
  ],
  ['an instant without a time', observation({ issued: '2020-01-01' }), 'Observation.issued'],
  [
    'a period that ends before it starts',
    observation({ effectivePeriod: { start: '2020-02', end: '2020-01' } }),
    'Observation.effective',
  ],
  [
    'an extension with value and extensions',
    observation({
      extension: [{ url: 'http://a', valueString: 'a', extension: [{ url: 'b', valueString: 'a' }] }],
    }),
    'Observation.extension[0]',
  ],
  [
    'an extension with neither',
    observation({ extension: [{ url: 'http://a' }] }),
    'Observation.extension[0]',
  ],
  [
    'an extension without url',
    observation({ extension: [{ valueString: 'a' }] }),
    'Observation.extension[0].url',
  ],
  [
    'a contained resource without id',
    observation({ contained: [{ resourceType: 'Patient', active: true }] }),
    'Observation.contained[0].id',
  ],
  [
    'a contained resource that nothing refers to',
    observation({ contained: [{ resourceType: 'Patient', id: 'p' }] }),
    'Observation.contained[0]',
  ],
  [
    'a nested contained resource',
    observation({
      subject: { reference: '#p' },
      contained: [{ resourceType: 'Patient', id: 'p', contained: [{ resourceType: 'Patient', id: 'q' }] }],
    }),
    'Observation.contained[0].contained',
  ],
  [
    'a contained resource with a version',
    observation({
      subject: { reference: '#p' },
      contained: [{ resourceType: 'Patient', id: 'p', meta: { versionId: '1' } }],
    }),
    'Observation.contained[0].meta',
  ],
  [
    'a contained resource with labels of its own',
    observation({
      subject: { reference: '#p' },
      contained: [{ resourceType: 'Patient', id: 'p', meta: { security: [{ code: 'R' }] } }],
    }),
    'Observation.contained[0].meta.security',
  ],
  [
    'two contained resources with one id',
    observation({
      subject: { reference: '#p' },
      contained: [
        { resourceType: 'Patient', id: 'p' },
        { resourceType: 'Patient', id: 'p' },
      ],
    }),
    'Observation.contained[1].id',
  ],
  ['a local reference to nothing', observation({ subject: { reference: '#p' } }), 'Observation'],
  [
    'a bad code inside a contained resource',
    observation({
      subject: { reference: '#p' },
      contained: [{ resourceType: 'Patient', id: 'p', gender: 'x' }],
    }),
    'Observation.contained[0].gender',
  ],
  [
    'an unknown contained type',
    observation({ contained: [{ resourceType: 'Thing', id: 'p' }] }),
    'Observation.contained[0]',
  ],
  ['an array for a single element', observation({ code: [{ text: 'a' }] }), 'Observation.code'],
  ['a single value for an array', observation({ category: { text: 'a' } }), 'Observation.category'],
  ['a string for a number', observation({ valueQuantity: { value: '1' } }), 'Observation.value.value'],
  ['a fraction for an integer', observation({ valueInteger: 1.5 }), 'Observation.value'],
  ['a string for a boolean', patient({ active: 'true' }), 'Patient.active'],
  [
    'a coded unit without system',
    observation({ valueQuantity: { value: 1, code: 'mg' } }),
    'Observation.value',
  ],
  ['invariant obs-6', observation({ valueString: 'a', dataAbsentReason: { text: 'a' } }), 'Observation'],
  ['invariant pat-1', patient({ contact: [{ gender: 'male' }] }), 'Patient.contact[0]'],
  [
    'a script in a narrative',
    observation({
      text: {
        status: 'generated',
        div: '<div xmlns="http://www.w3.org/1999/xhtml"><script>a</script></div>',
      },
    }),
    'Observation.text.div',
  ],
  [
    'an event handler in a narrative',
    observation({
      text: {
        status: 'generated',
        div: '<div xmlns="http://www.w3.org/1999/xhtml"><img src="a" onerror="b"/></div>',
      },
    }),
    'Observation.text.div',
  ],
  [
    'a bad resource inside a Bundle',
    {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ resource: { resourceType: 'Patient', gender: 'x' } }],
    },
    'Bundle.entry[0].resource.gender',
  ],
  ['a contact value without system', patient({ telecom: [{ value: '1' }] }), 'Patient.telecom[0]'],
  ['a null without a twin', patient({ name: [{ given: ['a', null] }] }), 'Patient.name[0].given[1]'],
];

describe('what is refused, with the element named', () => {
  it.each(INVALID)('%s', (_, resource, element) => {
    const errors = validate(resource as PlainResource).filter(({ severity }) => severity === 'error');
    expect(errors.flatMap(({ expression }) => expression)).toContain(element);
  });

  it('names no value of the body', () => {
    for (const [, resource] of INVALID) {
      for (const { diagnostics } of validate(resource as PlainResource))
        expect(diagnostics).not.toMatch(/better|done|2020-02-30/);
    }
  });

  it('an unknown type, and a type that is not the URL’s', () => {
    expect(validate({ resourceType: 'Thing' })).toMatchObject([
      { severity: 'error', expression: ['resourceType'] },
    ]);
    expect(validate({ resourceType: 'SubscriptionStatus' })).toMatchObject([{ severity: 'error' }]);
    expect(validate(OBSERVATION, 'Patient')).toMatchObject([
      { severity: 'error', expression: ['resourceType'] },
    ]);
  });

  it('members that JavaScript treats in its own way', () => {
    const resource = plainResource(
      readResource('{"resourceType":"Patient","active":true,"__proto__":{"gender":"x"}}'),
    );
    expect(validate(resource)).toMatchObject([{ severity: 'error', code: 'structure' }]);
  });
});

describe('what is accepted', () => {
  it.each([
    ['a plain Observation', OBSERVATION],
    [
      'null beside its twin',
      patient({
        name: [
          { given: ['a', null], _given: [null, { extension: [{ url: 'http://a', valueString: 'b' }] }] },
        ],
      }),
    ],
    [
      'text in place of a required coding',
      { resourceType: 'Condition', subject: { reference: 'Patient/a' }, code: { text: 'a' } },
    ],
    [
      'a contained resource in use',
      observation({
        subject: { reference: '#p' },
        contained: [{ resourceType: 'Patient', id: 'p', gender: 'female' }],
      }),
    ],
    [
      'a reference to a bundle entry',
      observation({ subject: { reference: 'urn:uuid:11111111-1111-4111-8111-111111111111' } }),
    ],
    [
      'a formatted narrative',
      observation({
        text: {
          status: 'generated',
          div: '<div xmlns="http://www.w3.org/1999/xhtml"><p class="a">a &lt; b <a href="http://a">c</a></p></div>',
        },
      }),
    ],
    ['a partial date', patient({ birthDate: '1970-02' })],
    [
      'a mime type, whose value set no definition lists',
      { resourceType: 'Binary', contentType: 'application/pdf' },
    ],
  ])('%s', (_, resource) => {
    expect(validate(resource as PlainResource).filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
