import { loadedSchema, type Member } from './schema.ts';
import type { PlainObject, PlainResource } from './resource.ts';
import { typeRow } from './type-table.ts';

const PERSON = 'Patient/11111111-1111-4111-8111-111111111111';
const ANY_ID = '22222222-2222-4222-8222-222222222222';

const PRIMITIVES: Readonly<Record<string, unknown>> = {
  string: 'a',
  markdown: 'a',
  id: 'a',
  boolean: true,
  integer: 1,
  positiveInt: 1,
  unsignedInt: 1,
  decimal: 1,
  date: '2024-01-01',
  dateTime: '2024-01-01',
  instant: '2024-01-01T00:00:00Z',
  time: '10:00:00',
  uri: 'urn:example:a',
  url: 'http://example.org/a',
  canonical: 'http://example.org/a',
  oid: 'urn:oid:1.2.3',
  uuid: 'urn:uuid:22222222-2222-4222-8222-222222222222',
  base64Binary: 'QQ==',
  xhtml: '<div xmlns="http://www.w3.org/1999/xhtml">a</div>',
};

const FILLED: Readonly<Record<string, unknown>> = {
  CodeableConcept: { text: 'a' },
  Coding: { system: 'urn:example:a', code: 'a' },
  Quantity: { value: 1 },
  Duration: { value: 1 },
  Money: { value: 1, currency: 'EUR' },
  Identifier: { value: 'a' },
  Period: { start: '2024-01-01' },
  Attachment: { title: 'a' },
  Timing: { event: ['2024-01-01'] },
  Range: { low: { value: 1 } },
  HumanName: { text: 'a' },
  ContactPoint: { system: 'phone', value: '1' },
  Signature: {
    type: [{ system: 'urn:example:a', code: 'a' }],
    when: '2024-01-01T00:00:00Z',
    who: { display: 'a' },
  },
};

/** What an invariant asks beyond mandatory elements. */
const EXTRAS: Readonly<Record<string, PlainObject>> = {
  AllergyIntolerance: {
    clinicalStatus: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' },
      ],
    },
  },
  Bundle: { type: 'collection' },
  CapabilityStatement: { rest: [{ mode: 'server' }], description: 'a', implementation: { description: 'a' } },
  Consent: { policyRule: { text: 'a' } },
  ImmunizationRecommendation: {
    recommendation: [{ forecastStatus: { text: 'a' }, vaccineCode: [{ text: 'a' }] }],
  },
  InsurancePlan: { name: 'a' },
  Linkage: {
    item: [
      { type: 'source', resource: { reference: PERSON } },
      { type: 'alternate', resource: { reference: PERSON } },
    ],
  },
  StructureDefinition: {
    type: 'a',
    derivation: 'specialization',
    baseDefinition: 'http://example.org/a',
    differential: { element: [{ id: 'a', path: 'a' }] },
  },
  StructureMap: {
    group: [
      {
        name: 'a',
        typeMode: 'none',
        input: [{ name: 'a', mode: 'source' }],
        rule: [{ name: 'a', source: [{ context: 'a' }] }],
      },
    ],
  },
  TerminologyCapabilities: { description: 'a', kind: 'capability', software: { name: 'a' } },
  Patient: { id: PERSON.slice('Patient/'.length) },
};

/** The mandatory elements of a type, and its owner elements pointing at a person. */
export function minimalInstance(type: string): PlainResource {
  const instance: Record<string, unknown> = { resourceType: type, ...mandatory(type), ...EXTRAS[type] };
  for (const path of typeRow(type)?.owners ?? []) {
    if (path !== '' && !((path.split('.')[0] ?? '') in (EXTRAS[type] ?? {})))
      setOwner(instance, type, path.split('.'));
  }
  return instance as unknown as PlainResource;
}

function mandatory(type: string): PlainObject {
  const { medplum } = loadedSchema();
  const members = loadedSchema().members(type);
  const filled: Record<string, unknown> = {};
  const taken = new Set<string>();
  for (const [name, member] of members) {
    const element =
      medplum.tryGetDataType(type)?.elements[name] ??
      medplum.tryGetDataType(type)?.elements[`${member.element}[x]`];
    if ((element?.min ?? 0) === 0 || taken.has(member.element)) continue;
    taken.add(member.element);
    filled[name] = wrap(member, sample(member));
  }
  return filled as PlainObject;
}

function wrap(member: Member, value: unknown): unknown {
  return member.isArray ? [value] : value;
}

function sample(member: Member): unknown {
  const { typeCode, bound, targets } = member;
  if (typeCode === 'code') return bound === undefined ? 'a' : [...bound.codes][0];
  if (bound !== undefined) {
    const [system, code] = ([...bound.codings][0] ?? '|').split('|');
    return typeCode === 'CodeableConcept' ? { coding: [{ system, code }] } : { system, code };
  }
  if (typeCode === 'Reference')
    return {
      reference: `${targets.find((target) => target !== 'Patient' && target !== 'Resource') ?? 'Basic'}/${ANY_ID}`,
    };
  if (typeCode === 'Resource') return { resourceType: 'Basic', code: { text: 'a' } };
  return (
    PRIMITIVES[typeCode] ??
    FILLED[typeCode] ??
    (loadedSchema().members(typeCode).size > 0 ? mandatory(typeCode) : 'a')
  );
}

function ownerTarget({ targets }: Member): string {
  const person = targets.length === 0 || targets.includes('Patient') || targets.includes('Resource');
  return person ? PERSON : `${targets[0]}/${ANY_ID}`;
}

function setOwner(target: Record<string, unknown>, type: string, [name = '', ...rest]: string[]): void {
  const member = loadedSchema().members(type).get(name);
  if (member === undefined) return;
  if (member.typeCode === 'Resource') {
    target[name] = { resourceType: 'Basic', code: { text: 'a' }, subject: { reference: PERSON } };
  } else if (rest.length === 0) {
    target[name] = wrap(member, { reference: ownerTarget(member) });
  } else {
    const inner: Record<string, unknown> = { ...mandatory(member.typeCode) };
    setOwner(inner, member.typeCode, rest);
    target[name] = wrap(member, inner);
  }
}
