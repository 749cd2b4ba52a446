import { randomBytes } from 'node:crypto';
import { CONSENT_EXTENSION, CONSENT_SYSTEM, FACE_SYSTEM, SENSITIVITY_SYSTEM } from '@healthchain/server';
import { PURPOSES, SENSITIVITIES, type Right } from '@healthchain/core';

export type Body = { readonly resourceType: string; readonly [name: string]: unknown };

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';
const NATIONAL_ID = 'urn:healthchain:demo:national-id';

/** Letters that no server draws: what is found with them in an answer, a log or a file came from this resource. */
export function drawMarker(): string {
  return `Zq${randomBytes(9).toString('hex')}`;
}

/** The identifier of a person, at whichever organisation. */
export function nationalId(value: string): { readonly system: string; readonly value: string } {
  return { system: NATIONAL_ID, value };
}

export function patient(marker: string, national: string): Body {
  return { resourceType: 'Patient', identifier: [nationalId(national)], name: [{ family: marker }] };
}

/** Types of records about a patient, with the category of health.md section 3 that each stands for. */
const BUILDERS = {
  Observation: (subject: object, marker: string) => ({
    status: 'final',
    category: [{ coding: [{ system: `${TERMINOLOGY}/observation-category`, code: 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }] },
    subject,
    valueQuantity: { value: 4.1, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
    note: [{ text: marker }],
  }),
  AllergyIntolerance: (subject: object, marker: string) => ({
    clinicalStatus: {
      coding: [{ system: `${TERMINOLOGY}/allergyintolerance-clinical`, code: 'active' }],
    },
    code: { text: 'Penicillin' },
    patient: subject,
    note: [{ text: marker }],
  }),
  RelatedPerson: (subject: object, marker: string) => ({ patient: subject, name: [{ text: marker }] }),
  Condition: (subject: object, marker: string) => ({
    clinicalStatus: { coding: [{ system: `${TERMINOLOGY}/condition-clinical`, code: 'active' }] },
    code: { text: 'Asthma' },
    subject,
    note: [{ text: marker }],
  }),
  Coverage: (subject: object, marker: string) => ({
    status: 'active',
    beneficiary: subject,
    payor: [{ display: 'Acme Insurance' }],
    subscriberId: marker,
  }),
} as const;
export type RecordType = keyof typeof BUILDERS;

export function recordOf(type: RecordType, patientId: string, marker: string): Body {
  return { resourceType: type, ...BUILDERS[type]({ reference: `Patient/${patientId}` }, marker) };
}

export function transactionOf(...resources: readonly Body[]): Body {
  const entry = resources.map((resource) => ({
    resource,
    request: { method: 'POST', url: resource.resourceType },
  }));
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

export interface ConsentParts {
  readonly patientId: string;
  /** The organisation, or a user of it. */
  readonly grantee: { readonly mspId: string; readonly userId?: string };
  readonly rights: readonly Right[];
}

/** A permit of everything, for every purpose and without end. */
export function consentFor({ patientId, grantee, rights }: ConsentParts): Body {
  const { mspId, userId } = grantee;
  const identifier =
    userId === undefined
      ? { system: FACE_SYSTEM.organisation, value: mspId }
      : { system: FACE_SYSTEM.user, value: `${mspId}/${userId}` };
  const coded = (system: string, code: string): object => ({ coding: [{ system, code }] });
  const further = rights.filter((right) => right !== 'read');
  return {
    resourceType: 'Consent',
    ...(further.length === 0
      ? {}
      : { modifierExtension: further.map((valueCode) => ({ url: CONSENT_EXTENSION.right, valueCode })) }),
    status: 'active',
    scope: coded(CONSENT_SYSTEM.consentScope, 'patient-privacy'),
    category: [coded(CONSENT_SYSTEM.loinc, '59284-0')],
    patient: { reference: `Patient/${patientId}` },
    policyRule: coded(CONSENT_SYSTEM.actCode, 'OPTIN'),
    provision: {
      type: 'permit',
      actor: [{ role: coded(CONSENT_SYSTEM.participation, 'IRCP'), reference: { identifier } }],
      ...(rights.includes('read') ? { action: [coded(CONSENT_SYSTEM.consentAction, 'access')] } : {}),
      securityLabel: SENSITIVITIES.map((code) => ({ system: SENSITIVITY_SYSTEM, code })),
      purpose: PURPOSES.map((code) => ({ system: CONSENT_SYSTEM.actReason, code })),
    },
  };
}
