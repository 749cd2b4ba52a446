import type { Category, Confidentiality, Purpose, Role } from '@healthchain/core';
import type { AccessCode } from './question.ts';

/**
 * What a role can be at all (design/health.md section 2). `purposes`: which purposes of use its token may claim. `refused`: no
 * grant opens identified content to the role; the code says what would.
 */
export interface RoleRule {
  readonly purposes: readonly Purpose[];
  readonly refused?: Extract<AccessCode, 'CASE_REQUIRED' | 'STUDY_REQUIRED' | 'NO_IDENTIFIED_CONTENT'>;
  /** May break the glass. */
  readonly emergency?: true;
}

const COVERED: readonly Purpose[] = ['TREAT', 'HPAYMT', 'HOPERAT'];

export const ROLE_RULES: Readonly<Record<Role, RoleRule>> = {
  doctor: { purposes: [...COVERED, 'ETREAT'], emergency: true },
  nurse: { purposes: [...COVERED, 'ETREAT'], emergency: true },
  'lab-technician': { purposes: ['TREAT'] },
  pharmacist: { purposes: ['TREAT'] },
  clerk: { purposes: COVERED },
  'privacy-officer': { purposes: ['HOPERAT'] },
  'department-terminal': { purposes: ['TREAT'], refused: 'NO_IDENTIFIED_CONTENT' },
  'claims-auditor': { purposes: ['HPAYMT', 'HOPERAT'] },
  regulator: { purposes: ['PUBHLTH', 'HOPERAT'], refused: 'CASE_REQUIRED' },
  patient: { purposes: ['PATRQT'] },
  'family-member': { purposes: ['PATRQT'] },
  researcher: { purposes: ['HRESCH'], refused: 'STUDY_REQUIRED' },
  'emergency-staff': { purposes: ['TREAT', 'ETREAT'], emergency: true },
  administrator: { purposes: ['HOPERAT'], refused: 'NO_IDENTIFIED_CONTENT' },
  server: { purposes: ['HOPERAT'] },
};

/** The purpose under which a role writes; a write grant has to name it. */
export function purposeOfWrite(role: Role): Purpose {
  return ROLE_RULES[role].purposes[0] as Purpose;
}

/**
 * One row of what needs no grant. Every row is about records of the role's own organisation; persons need a relation to it.
 * Everything that no row names needs a grant. The patient's row and the server's row are rules of their own in decide.ts: they
 * alone reach further (every organisation; no relation).
 */
export interface BaseRow {
  readonly roles: readonly Role[];
  readonly rights: readonly ('read' | 'write')[];
  readonly categories: '*' | readonly Category[];
  /** Only these resource types of the categories. */
  readonly types?: readonly string[];
  readonly labels: readonly Confidentiality[];
  readonly purposes: readonly Purpose[];
}

const N_AND_R: readonly Confidentiality[] = ['N', 'R'];
const BOTH = ['read', 'write'] as const;

/** A V record is left to its author (and the patient) before a row is looked at, so no row names V. */
export const BASE_POLICY: readonly BaseRow[] = [
  { roles: ['doctor', 'nurse'], rights: BOTH, categories: '*', labels: N_AND_R, purposes: COVERED },
  {
    roles: ['lab-technician'],
    rights: BOTH,
    categories: ['laboratory'],
    labels: N_AND_R,
    purposes: ['TREAT'],
  },
  {
    roles: ['lab-technician'],
    rights: ['read'],
    categories: ['plans'],
    types: ['ServiceRequest'],
    labels: N_AND_R,
    purposes: ['TREAT'],
  },
  {
    roles: ['pharmacist'],
    rights: BOTH,
    categories: ['medication', 'allergies'],
    labels: N_AND_R,
    purposes: ['TREAT'],
  },
  {
    roles: ['clerk'],
    rights: BOTH,
    categories: ['demographics', 'encounters'],
    labels: ['N'],
    purposes: COVERED,
  },
  {
    roles: ['clerk'],
    rights: ['read'],
    categories: ['claims'],
    types: ['Coverage', 'CoverageEligibilityRequest', 'CoverageEligibilityResponse'],
    labels: ['N'],
    purposes: COVERED,
  },
  { roles: ['clerk'], rights: ['write'], categories: ['claims'], labels: ['N'], purposes: COVERED },
  {
    roles: ['claims-auditor'],
    rights: BOTH,
    categories: ['claims'],
    labels: N_AND_R,
    purposes: ['HPAYMT', 'HOPERAT'],
  },
  /** An insurer knows who its members are; it is in no circle with care records (health.md section 1). */
  {
    roles: ['claims-auditor'],
    rights: BOTH,
    categories: ['demographics'],
    labels: ['N'],
    purposes: ['HPAYMT', 'HOPERAT'],
  },
];
