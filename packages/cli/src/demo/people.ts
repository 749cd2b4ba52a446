import type { Purpose, Role } from '@healthchain/core';

export type OrganisationName = 'north' | 'south' | 'acme' | 'authority';

/** A user of the demo. The handle is what `--as` takes; the ledger knows a random user id only. */
export interface DemoUser {
  readonly handle: string;
  readonly name: string;
  readonly organisation: OrganisationName;
  readonly role: Role;
  readonly purpose: Purpose;
  /** The person of the cast whom this user is (patients). */
  readonly person?: string;
}

const user = (
  handle: string,
  name: string,
  organisation: OrganisationName,
  role: Role,
  purpose: Purpose,
  person?: string,
): DemoUser => ({ handle, name, organisation, role, purpose, ...(person === undefined ? {} : { person }) });

export const USERS: readonly DemoUser[] = [
  user('nina', 'Dr Nina Holt', 'north', 'doctor', 'TREAT'),
  user('omar', 'Dr Omar Aziz', 'north', 'doctor', 'TREAT'),
  user('noah', 'Noah Berg, RN', 'north', 'nurse', 'TREAT'),
  user('lara', 'Lara Finch', 'north', 'lab-technician', 'TREAT'),
  user('phil', 'Phil Stone', 'north', 'pharmacist', 'TREAT'),
  user('cora', 'Cora Lund', 'north', 'clerk', 'HOPERAT'),
  user('carl', 'Carl Winter', 'north', 'clerk', 'HOPERAT'),
  user('petra', 'Petra Quist', 'north', 'privacy-officer', 'HOPERAT'),
  user('terminal', 'Ward 3 terminal', 'north', 'department-terminal', 'TREAT'),
  user('sven', 'Dr Sven Dahl', 'south', 'doctor', 'TREAT'),
  user('sofia', 'Dr Sofia Reyes, emergency department', 'south', 'doctor', 'TREAT'),
  user('nora', 'Nora Vik, RN', 'south', 'nurse', 'TREAT'),
  user('clara', 'Clara Moss', 'south', 'clerk', 'HOPERAT'),
  user('paul', 'Paul Ek', 'south', 'privacy-officer', 'HOPERAT'),
  user('anna', 'Anna Sharp', 'acme', 'claims-auditor', 'HPAYMT'),
  user('rita', 'Rita Voss', 'authority', 'regulator', 'PUBHLTH'),
  user('remy', 'Remy Cole', 'authority', 'researcher', 'HRESCH'),
  user('eli', 'Eli Marsh', 'authority', 'emergency-staff', 'ETREAT'),
  user('dora', 'Dora Weiss, daughter of Ruth', 'authority', 'family-member', 'PATRQT'),
  user('maria', 'Maria Lindqvist', 'authority', 'patient', 'PATRQT', 'maria'),
  user('sam', 'Sam Okafor', 'authority', 'patient', 'PATRQT', 'sam'),
  user('ana', 'Ana Moreno', 'authority', 'patient', 'PATRQT', 'ana'),
  user('lee', 'Lee Chang', 'authority', 'patient', 'PATRQT', 'lee'),
  user('ruth', 'Ruth Weiss', 'authority', 'patient', 'PATRQT', 'ruth'),
  user('ibrahim', 'Ibrahim Haddad', 'authority', 'patient', 'PATRQT', 'ibrahim'),
];
