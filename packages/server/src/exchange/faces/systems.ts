/** Identifier and code systems of our own in the faces. */
export const SYSTEM = {
  /** `<mspId>` */
  organisation: 'urn:healthchain:organisation',
  /** `<mspId>/<userId>` */
  user: 'urn:healthchain:user',
  person: 'urn:healthchain:person',
  role: 'urn:healthchain:role',
  transaction: 'urn:healthchain:transaction',
  /** `<channel>/<number>` */
  block: 'urn:healthchain:block',
  request: 'urn:healthchain:request',
  decision: 'urn:healthchain:decision',
} as const;

/** Modifier extensions of a Consent: whoever does not know them must not act on it. */
export const EXTENSION = {
  right: 'urn:healthchain:consent-right',
  parent: 'urn:healthchain:consent-parent',
} as const;

export const HL7 = {
  consentScope: 'http://terminology.hl7.org/CodeSystem/consentscope',
  consentAction: 'http://terminology.hl7.org/CodeSystem/consentaction',
  actReason: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  actCode: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  participation: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  auditEventType: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
  restInteraction: 'http://hl7.org/fhir/restful-interaction',
  entityType: 'http://terminology.hl7.org/CodeSystem/audit-entity-type',
  objectRole: 'http://terminology.hl7.org/CodeSystem/object-role',
  dataOperation: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation',
  provenanceAgent: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
  loinc: 'http://loinc.org',
  dicom: 'http://dicom.nema.org/resources/ontology/DCM',
} as const;

/** LOINC 59284-0: Patient Consent. */
export const PATIENT_CONSENT = { system: HL7.loinc, code: '59284-0' } as const;
