import {
  CATEGORY_SYSTEM,
  CONSENT_EXTENSION,
  CONSENT_SYSTEM,
  FACE_SYSTEM,
  SENSITIVITY_SYSTEM,
} from '@healthchain/server';
import type { Resource } from '../demo/resources.ts';
import type { ConsentTerms } from '../demo/story.ts';

export interface ConsentParties {
  readonly patientId: string;
  /** The Consent that this one passes on. */
  readonly parentId: string | undefined;
  readonly grantee: { readonly mspId: string; readonly userId: string };
}

const DAY_MS = 86_400_000;

/** The terms as the FHIR Consent that the servers accept (design/health.md section 4). */
export function consentResource(
  terms: ConsentTerms,
  parties: ConsentParties,
  at: Date = new Date(),
): Resource {
  const coded = (system: string, code: string): object => ({ coding: [{ system, code }] });
  const codings = (system: string, codes: readonly string[]): object[] =>
    codes.map((code) => ({ system, code }));
  const grantee = { system: FACE_SYSTEM.user, value: `${parties.grantee.mspId}/${parties.grantee.userId}` };
  const modifiers = modifierExtensions(terms, parties);
  return {
    resourceType: 'Consent',
    ...(modifiers.length === 0 ? {} : { modifierExtension: modifiers }),
    status: 'active',
    scope: coded(CONSENT_SYSTEM.consentScope, 'patient-privacy'),
    category: [coded(CONSENT_SYSTEM.loinc, '59284-0')],
    patient: { reference: `Patient/${parties.patientId}` },
    policyRule: coded(CONSENT_SYSTEM.actCode, 'OPTIN'),
    provision: {
      type: terms.type,
      period: { start: at.toISOString(), end: new Date(at.getTime() + terms.days * DAY_MS).toISOString() },
      actor: [{ role: coded(CONSENT_SYSTEM.participation, 'IRCP'), reference: { identifier: grantee } }],
      ...(terms.rights.includes('read') ? { action: [coded(CONSENT_SYSTEM.consentAction, 'access')] } : {}),
      ...(terms.sensitivities === undefined
        ? {}
        : { securityLabel: codings(SENSITIVITY_SYSTEM, terms.sensitivities) }),
      purpose: codings(CONSENT_SYSTEM.actReason, terms.purposes),
      ...(terms.categories === '*' ? {} : { class: codings(CATEGORY_SYSTEM, terms.categories) }),
    },
  };
}

function modifierExtensions(terms: ConsentTerms, { parentId }: ConsentParties): object[] {
  const rights = terms.rights
    .filter((right) => right !== 'read')
    .map((right) => ({ url: CONSENT_EXTENSION.right, valueCode: right }));
  const parent = { url: CONSENT_EXTENSION.parent, valueReference: { reference: `Consent/${parentId}` } };
  return parentId === undefined ? rights : [...rights, parent];
}
