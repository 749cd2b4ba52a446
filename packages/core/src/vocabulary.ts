/** The closed vocabularies of DESIGN.md section 3 and design/health.md sections 2 to 4. */

export const KINDS = ['hospital', 'insurer', 'authority'] as const;
export type OrganisationKind = (typeof KINDS)[number];

export const ROLES = [
  'doctor',
  'nurse',
  'lab-technician',
  'pharmacist',
  'clerk',
  'privacy-officer',
  'department-terminal',
  'claims-auditor',
  'regulator',
  'patient',
  'family-member',
  'researcher',
  'emergency-staff',
  'administrator',
  'server',
] as const;
export type Role = (typeof ROLES)[number];

const EVERY_KIND = ['administrator', 'server'] as const;

export const ROLES_OF_KIND: Readonly<Record<OrganisationKind, readonly Role[]>> = {
  hospital: [
    'doctor',
    'nurse',
    'lab-technician',
    'pharmacist',
    'clerk',
    'privacy-officer',
    'department-terminal',
    ...EVERY_KIND,
  ],
  insurer: ['claims-auditor', ...EVERY_KIND],
  authority: ['regulator', 'patient', 'family-member', 'researcher', 'emergency-staff', ...EVERY_KIND],
};

/** HL7 v3 PurposeOfUse. */
export const PURPOSES = ['TREAT', 'ETREAT', 'HPAYMT', 'HOPERAT', 'HRESCH', 'PUBHLTH', 'PATRQT'] as const;
export type Purpose = (typeof PURPOSES)[number];

export const RIGHTS = ['read', 'write', 'authorise', 'read-anonymised'] as const;
export type Right = (typeof RIGHTS)[number];

export const CATEGORIES = [
  'demographics',
  'allergies',
  'problems',
  'medication',
  'immunisation',
  'genetics',
  'laboratory',
  'imaging',
  'vital-signs',
  'social',
  'procedures',
  'encounters',
  'documents',
  'plans',
  'claims',
  'other',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** What the ledger shows instead of the categories of a record above N. */
export const RESTRICTED = 'restricted';

/** HL7 v3 Confidentiality, ascending. */
export const CONFIDENTIALITIES = ['N', 'R', 'V'] as const;
export type Confidentiality = (typeof CONFIDENTIALITIES)[number];

export const SENSITIVITIES = ['ETH', 'PSY', 'HIV', 'SDV', 'SEX', 'STD', 'GDIS'] as const;
export type Sensitivity = (typeof SENSITIVITIES)[number];

/** Coded reasons of an emergency access (HL7 v3 ActReason where one exists). */
export const EMERGENCY_REASONS = ['BTG', 'ETREAT', 'UNCONSCIOUS', 'DISASTER'] as const;
export type EmergencyReason = (typeof EMERGENCY_REASONS)[number];
