import type { Category } from '@healthchain/core';

/**
 * How records of a type are owned (health.md section 5):
 * - `person`: the owner element names exactly one person
 * - `several`: any number of persons; readable only by who may read every one of them
 * - `through`: the persons of the records that it points at
 * - `no-person`: own organisation only
 * - `directory`: every member of the channel, no custody
 * - `conformance`: terminology and definitions, own server only
 * - `face`: a read-only view of the ledger or the access log
 * - `contract-face`: a view through which a contract is called
 * - `never`: not stored
 */
export type Kind =
  | 'person'
  | 'several'
  | 'through'
  | 'no-person'
  | 'directory'
  | 'conformance'
  | 'face'
  | 'contract-face'
  | 'never';

/** Rules that look into the resource; each is a function of categories.ts. */
export type CategoryRule = 'observation' | 'report' | 'document' | 'bundle' | 'target' | 'context';

export interface TypeRow {
  readonly kind: Kind;
  /** Paths of the elements that name the persons, or for `through` the records. Dotted, arrays flattened. */
  readonly owners: readonly string[];
  /** Undefined for what is never a record on the ledger. Definitions are records of no person, under `other`. */
  readonly category: Category | CategoryRule | undefined;
  /** A record of this type makes a relation between its organisation and the person (health.md section 2). */
  readonly relation: boolean;
}

type Rule = Category | CategoryRule;

const row = (
  kind: Kind,
  owners: readonly string[],
  category: Rule | undefined,
  relation = false,
): TypeRow => ({
  kind,
  owners,
  category,
  relation,
});
const person = (owner: string, category: Rule): TypeRow => row('person', [owner], category);
const relating = (owner: string, category: Rule): TypeRow => row('person', [owner], category, true);
const several = (owners: readonly string[], category: Rule): TypeRow => row('several', owners, category);
const through = (owner: string, category: Rule): TypeRow => row('through', [owner], category);
const noPerson = (category: Rule): TypeRow => row('no-person', [], category);
const bare = (kind: Kind): TypeRow => row(kind, [], undefined);
const many = (types: readonly string[], each: TypeRow): Record<string, TypeRow> =>
  Object.fromEntries(types.map((type) => [type, each]));

/** Every resource type of FHIR R4, once. A type that is not here does not exist. */
export const RESOURCE_TYPES: Readonly<Record<string, TypeRow>> = {
  Patient: person('', 'demographics'),
  RelatedPerson: person('patient', 'demographics'),
  Person: several(['link.target'], 'demographics'),

  AllergyIntolerance: person('patient', 'allergies'),

  Condition: person('subject', 'problems'),
  ClinicalImpression: person('subject', 'problems'),
  FamilyMemberHistory: person('patient', 'problems'),
  RiskAssessment: person('subject', 'problems'),
  DetectedIssue: person('patient', 'problems'),
  AdverseEvent: person('subject', 'problems'),
  Flag: person('subject', 'problems'),

  MedicationRequest: relating('subject', 'medication'),
  MedicationStatement: person('subject', 'medication'),
  MedicationDispense: person('subject', 'medication'),
  MedicationAdministration: person('subject', 'medication'),

  Immunization: person('patient', 'immunisation'),
  ImmunizationEvaluation: person('patient', 'immunisation'),
  ImmunizationRecommendation: person('patient', 'immunisation'),

  MolecularSequence: person('patient', 'genetics'),
  DiagnosticReport: person('subject', 'report'),
  Observation: person('subject', 'observation'),
  Specimen: person('subject', 'laboratory'),
  ImagingStudy: person('subject', 'imaging'),
  Media: person('subject', 'imaging'),
  QuestionnaireResponse: person('subject', 'social'),

  Procedure: person('subject', 'procedures'),
  BodyStructure: person('patient', 'procedures'),
  Device: person('patient', 'procedures'),
  DeviceRequest: relating('subject', 'procedures'),
  DeviceUseStatement: person('subject', 'procedures'),
  DeviceMetric: through('source', 'procedures'),
  SupplyDelivery: person('patient', 'procedures'),
  SupplyRequest: row('several', ['requester', 'deliverTo'], 'procedures', true),

  Encounter: relating('subject', 'encounters'),
  EpisodeOfCare: person('patient', 'encounters'),
  Appointment: row('several', ['participant.actor'], 'encounters', true),
  AppointmentResponse: several(['actor'], 'encounters'),

  DocumentReference: person('subject', 'document'),
  DocumentManifest: person('subject', 'document'),
  Composition: person('subject', 'document'),
  Communication: person('subject', 'documents'),
  Bundle: several(['entry.resource'], 'bundle'),

  CarePlan: person('subject', 'plans'),
  CareTeam: person('subject', 'plans'),
  Goal: person('subject', 'plans'),
  Task: person('for', 'plans'),
  ServiceRequest: relating('subject', 'plans'),
  NutritionOrder: relating('patient', 'plans'),
  VisionPrescription: relating('patient', 'plans'),
  CommunicationRequest: relating('subject', 'plans'),
  RequestGroup: relating('subject', 'plans'),
  EnrollmentRequest: person('candidate', 'plans'),

  Claim: person('patient', 'claims'),
  ClaimResponse: person('patient', 'claims'),
  ExplanationOfBenefit: person('patient', 'claims'),
  Coverage: person('beneficiary', 'claims'),
  CoverageEligibilityRequest: person('patient', 'claims'),
  CoverageEligibilityResponse: person('patient', 'claims'),
  Account: several(['subject'], 'claims'),
  ChargeItem: person('subject', 'claims'),
  Invoice: person('subject', 'claims'),

  GuidanceResponse: person('subject', 'other'),
  MeasureReport: person('subject', 'other'),
  ResearchSubject: person('individual', 'other'),
  Contract: several(['subject'], 'other'),
  Group: several(['member.entity'], 'other'),
  List: several(['subject', 'entry.item'], 'other'),
  Linkage: several(['item.resource'], 'other'),
  Schedule: several(['actor'], 'other'),
  BiologicallyDerivedProduct: several(['collection.source'], 'other'),
  Slot: through('schedule', 'other'),
  Basic: through('subject', 'other'),
  EnrollmentResponse: through('request', 'other'),
  VerificationResult: through('target', 'other'),
  Provenance: through('target', 'target'),
  Binary: through('securityContext', 'context'),
  CatalogEntry: noPerson('other'),
  InsurancePlan: noPerson('other'),
  MessageHeader: noPerson('other'),
  OrganizationAffiliation: noPerson('other'),
  PaymentNotice: through('request', 'other'),
  PaymentReconciliation: through('detail.request', 'other'),
  ResearchStudy: noPerson('other'),

  ...many(
    [
      'Organization',
      'Practitioner',
      'PractitionerRole',
      'Location',
      'HealthcareService',
      'Endpoint',
      'Medication',
      'Substance',
    ],
    bare('directory'),
  ),
  // prettier-ignore
  ...many([
    'ActivityDefinition', 'CapabilityStatement', 'ChargeItemDefinition', 'CodeSystem', 'CompartmentDefinition', 'ConceptMap',
    'DeviceDefinition', 'EffectEvidenceSynthesis', 'EventDefinition', 'Evidence', 'EvidenceVariable', 'ExampleScenario',
    'GraphDefinition', 'ImplementationGuide', 'Library', 'Measure', 'MedicationKnowledge', 'MedicinalProduct',
    'MedicinalProductAuthorization', 'MedicinalProductContraindication', 'MedicinalProductIndication',
    'MedicinalProductIngredient', 'MedicinalProductInteraction', 'MedicinalProductManufactured', 'MedicinalProductPackaged',
    'MedicinalProductPharmaceutical', 'MedicinalProductUndesirableEffect', 'MessageDefinition', 'NamingSystem',
    'ObservationDefinition', 'OperationDefinition', 'PlanDefinition', 'Questionnaire', 'ResearchDefinition',
    'ResearchElementDefinition', 'RiskEvidenceSynthesis', 'SearchParameter', 'SpecimenDefinition', 'StructureDefinition',
    'StructureMap', 'Subscription', 'SubstanceNucleicAcid', 'SubstancePolymer', 'SubstanceProtein',
    'SubstanceReferenceInformation', 'SubstanceSourceMaterial', 'SubstanceSpecification', 'TerminologyCapabilities',
    'TestReport', 'TestScript', 'ValueSet',
  ], row('conformance', [], 'other')),
  AuditEvent: bare('face'),
  Consent: bare('contract-face'),
  Parameters: bare('never'),
  OperationOutcome: bare('never'),
};

/** @returns undefined for a name that is no resource type of R4 */
export function typeRow(type: string): TypeRow | undefined {
  return Object.hasOwn(RESOURCE_TYPES, type) ? RESOURCE_TYPES[type] : undefined;
}
