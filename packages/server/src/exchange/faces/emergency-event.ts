import type { EmergencyReason } from '@healthchain/core';
import type { FaceResource } from '../../ports.ts';
import type { AuditNames } from './audit-read.ts';
import { identified } from './consent-read.ts';
import { HL7, SYSTEM } from './systems.ts';

/** What the ledger holds of an emergency. */
export interface Emergency {
  readonly emergencyId: string;
  readonly by: { readonly mspId: string; readonly userId: string; readonly role: string };
  readonly reason: EmergencyReason;
  readonly at: string;
  readonly until: string;
  readonly review?: { readonly outcome: string };
}

/** Hexadecimal digits of the transaction in an AuditEvent's id, which takes 64 characters in all. */
const ID_DIGITS = 32;

export function emergencyEventId({ emergencyId }: Emergency): string {
  return `emergency.${emergencyId.slice(0, ID_DIGITS)}`;
}

/** Somebody broke the glass for the patient: DICOM's "Emergency Override Started", whether or not anything was read under it. */
export function emergencyEventOf(emergency: Emergency, names: AuditNames): FaceResource {
  const { emergencyId, by, reason, at, until, review } = emergency;
  const user = `${by.mspId}/${by.userId}`;
  const display = names.user(user);
  const outcome = review === undefined ? 'not reviewed yet' : review.outcome;
  const resource = {
    resourceType: 'AuditEvent',
    id: emergencyEventId(emergency),
    type: { system: HL7.dicom, code: '110113', display: 'Security Alert' },
    subtype: [{ system: HL7.dicom, code: '110127', display: 'Emergency Override Started' }],
    action: 'E',
    period: { start: at, end: until },
    recorded: at,
    outcome: '0',
    outcomeDesc: `emergency opened: ${reason}; ${outcome}`,
    purposeOfEvent: [{ coding: [{ system: HL7.actReason, code: 'ETREAT' }] }],
    agent: [
      {
        type: { coding: [{ system: HL7.participation, code: 'IRCP' }] },
        role: [{ coding: [{ system: SYSTEM.role, code: by.role }] }],
        who: { ...identified(SYSTEM.user, user), ...(display === undefined ? {} : { display }) },
        requestor: true,
        policy: [`urn:healthchain:emergency:${emergencyId}`],
      },
    ],
    source: { observer: identified(SYSTEM.organisation, by.mspId) },
    entity: [
      {
        what: names.patient,
        type: { system: HL7.entityType, code: '1', display: 'Person' },
        role: { system: HL7.objectRole, code: '1', display: 'Patient' },
      },
    ],
  };
  return { resource, versionId: review === undefined ? '1' : '2', lastUpdated: at };
}
