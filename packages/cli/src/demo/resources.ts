/** Builders of the FHIR resources of the cast. Codes are free to redistribute: LOINC, UCUM, SNOMED GPS, ICD-10. */

export type Resource = { readonly resourceType: string; readonly [name: string]: unknown };
/** A resource and the name under which others of the cast refer to it: `@<key>`. */
export interface CastEntry {
  readonly key: string;
  readonly resource: Resource;
}

export interface Coding {
  readonly system: string;
  readonly code: string;
  readonly display: string;
}

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';
const NATIONAL_ID = 'urn:healthchain:demo:national-id';
export const STAFF_ID = 'urn:healthchain:demo:staff';

export const loinc = (code: string, display: string): Coding => ({
  system: 'http://loinc.org',
  code,
  display,
});
export const snomed = (code: string, display: string): Coding => ({
  system: 'http://snomed.info/sct',
  code,
  display,
});
export const icd10 = (code: string, display: string): Coding => ({
  system: 'http://hl7.org/fhir/sid/icd-10',
  code,
  display,
});

const ref = (key: string): { readonly reference: string } => ({ reference: `@${key}` });
const concept = (coding: Coding): object => ({ coding: [coding], text: coding.display });
const category = (system: string, code: string): object => ({
  coding: [{ system: `${TERMINOLOGY}/${system}`, code }],
});

export function patient(input: {
  readonly family: string;
  readonly given: string;
  readonly gender: 'female' | 'male' | 'other';
  readonly birthDate: string;
  readonly mrn: string;
  readonly nationalId?: string;
}): Resource {
  const national = input.nationalId === undefined ? [] : [{ system: NATIONAL_ID, value: input.nationalId }];
  return {
    resourceType: 'Patient',
    identifier: [
      {
        type: concept({ system: `${TERMINOLOGY}/v2-0203`, code: 'MR', display: 'Medical record number' }),
        system: 'urn:healthchain:demo:mrn',
        value: input.mrn,
      },
      ...national,
    ],
    active: true,
    name: [{ family: input.family, given: [input.given] }],
    gender: input.gender,
    birthDate: input.birthDate,
  };
}

export function encounter(input: {
  readonly subject: string;
  readonly start: string;
  readonly end?: string;
  readonly kind: 'AMB' | 'IMP' | 'EMER';
  readonly reason: string;
  readonly provider: string;
}): Resource {
  return {
    resourceType: 'Encounter',
    status: input.end === undefined ? 'in-progress' : 'finished',
    class: { system: `${TERMINOLOGY}/v3-ActCode`, code: input.kind },
    subject: ref(input.subject),
    period: { start: input.start, ...(input.end === undefined ? {} : { end: input.end }) },
    reasonCode: [{ text: input.reason }],
    serviceProvider: ref(input.provider),
  };
}

export interface Measurement {
  readonly code: Coding;
  readonly value: number;
  readonly unit: string;
  readonly low?: number;
  readonly high?: number;
}

export function observation(input: {
  readonly subject: string;
  readonly at: string;
  readonly category: 'laboratory' | 'vital-signs' | 'social-history';
  readonly measured: Measurement;
  readonly status?: 'preliminary' | 'final' | 'corrected' | 'entered-in-error';
  readonly encounter?: string;
}): Resource {
  const { code, value, unit, low, high } = input.measured;
  const quantity = (amount: number): object => ({
    value: amount,
    unit,
    system: 'http://unitsofmeasure.org',
    code: unit,
  });
  const range = {
    ...(low === undefined ? {} : { low: quantity(low) }),
    ...(high === undefined ? {} : { high: quantity(high) }),
  };
  return {
    resourceType: 'Observation',
    status: input.status ?? 'final',
    category: [category('observation-category', input.category)],
    code: concept(code),
    subject: ref(input.subject),
    ...(input.encounter === undefined ? {} : { encounter: ref(input.encounter) }),
    effectiveDateTime: input.at,
    valueQuantity: quantity(value),
    ...(Object.keys(range).length === 0 ? {} : { referenceRange: [range] }),
  };
}

export function condition(subject: string, code: Coding, onset: string, encounterKey?: string): Resource {
  return {
    resourceType: 'Condition',
    clinicalStatus: category('condition-clinical', 'active'),
    verificationStatus: category('condition-ver-status', 'confirmed'),
    code: concept(code),
    subject: ref(subject),
    ...(encounterKey === undefined ? {} : { encounter: ref(encounterKey) }),
    onsetDateTime: onset,
  };
}

export function medicationRequest(
  subject: string,
  medication: Coding,
  authoredOn: string,
  dosage: string,
): Resource {
  return {
    resourceType: 'MedicationRequest',
    status: 'active',
    intent: 'order',
    medicationCodeableConcept: concept(medication),
    subject: ref(subject),
    authoredOn,
    dosageInstruction: [{ text: dosage }],
  };
}

export function allergy(
  subject: string,
  substance: Coding,
  criticality: 'low' | 'high',
  recorded: string,
): Resource {
  return {
    resourceType: 'AllergyIntolerance',
    clinicalStatus: category('allergyintolerance-clinical', 'active'),
    verificationStatus: category('allergyintolerance-verification', 'confirmed'),
    type: 'allergy',
    category: ['medication'],
    criticality,
    code: concept(substance),
    patient: ref(subject),
    recordedDate: recorded,
  };
}

export function immunization(subject: string, vaccine: Coding, at: string): Resource {
  return {
    resourceType: 'Immunization',
    status: 'completed',
    vaccineCode: concept(vaccine),
    patient: ref(subject),
    occurrenceDateTime: at,
  };
}

export function clinicalNote(
  subject: string,
  at: string,
  title: string,
  pdf: string,
  type: Coding,
): Resource {
  return {
    resourceType: 'DocumentReference',
    status: 'current',
    type: concept(type),
    subject: ref(subject),
    date: at,
    content: [{ attachment: { contentType: 'application/pdf', title, data: pdf } }],
  };
}

export function claim(
  subject: string,
  provider: string,
  insurer: string,
  created: string,
  coverage: string,
  net: number,
): Resource {
  return {
    resourceType: 'Claim',
    status: 'active',
    type: category('claim-type', 'professional'),
    use: 'claim',
    patient: ref(subject),
    created,
    provider: ref(provider),
    insurer: ref(insurer),
    priority: category('processpriority', 'normal'),
    insurance: [{ sequence: 1, focal: true, coverage: ref(coverage) }],
    item: [{ sequence: 1, productOrService: { text: 'Consultation' }, net: { value: net, currency: 'EUR' } }],
    total: { value: net, currency: 'EUR' },
  };
}

export function coverage(subject: string, payor: string, subscriberId: string, start: string): Resource {
  return {
    resourceType: 'Coverage',
    status: 'active',
    subscriberId,
    beneficiary: ref(subject),
    period: { start },
    payor: [ref(payor)],
  };
}

export function explanationOfBenefit(input: {
  readonly subject: string;
  readonly insurer: string;
  readonly provider: string;
  readonly coverage: string;
  readonly created: string;
  readonly outcome: 'complete' | 'partial' | 'error';
  readonly submitted: number;
  readonly benefit: number;
  readonly disposition: string;
}): Resource {
  const total = (code: string, value: number): object => ({
    category: category('adjudication', code),
    amount: { value, currency: 'EUR' },
  });
  return {
    resourceType: 'ExplanationOfBenefit',
    status: 'active',
    type: category('claim-type', 'professional'),
    use: 'claim',
    patient: ref(input.subject),
    created: input.created,
    insurer: ref(input.insurer),
    provider: ref(input.provider),
    outcome: input.outcome,
    disposition: input.disposition,
    insurance: [{ focal: true, coverage: ref(input.coverage) }],
    total: [total('submitted', input.submitted), total('benefit', input.benefit)],
  };
}
