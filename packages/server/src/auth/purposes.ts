import type { Purpose, Role } from '@healthchain/core';

/**
 * The purposes of use that a token of a role may claim (health.md section 2). A role that is not here, or has an empty list, gets no
 * token: `server` signs transactions and never asks over FHIR.
 */
export const PURPOSES_OF_ROLE: Readonly<Record<Role, readonly Purpose[]>> = {
  doctor: ['TREAT', 'ETREAT'],
  nurse: ['TREAT', 'ETREAT'],
  'lab-technician': ['TREAT'],
  pharmacist: ['TREAT'],
  clerk: ['HOPERAT', 'HPAYMT'],
  'privacy-officer': ['HOPERAT'],
  'department-terminal': ['TREAT'],
  'claims-auditor': ['HPAYMT'],
  regulator: ['PUBHLTH'],
  patient: ['PATRQT'],
  'family-member': ['PATRQT'],
  researcher: ['HRESCH'],
  'emergency-staff': ['ETREAT'],
  administrator: ['HOPERAT'],
  server: [],
};
