import type { GrantException, Grantee, GrantNode } from '@healthchain/contracts';
import type { ExactJson } from '@healthchain/core';
import { CATEGORY_SYSTEM, SENSITIVITY_SYSTEM } from '../../fhir/index.ts';
import type { ExactResource, FaceResource } from '../../ports.ts';
import { EXTENSION, HL7, PATIENT_CONSENT, SYSTEM } from './systems.ts';

/** How the person of a grant is named: a Patient that this server's users can resolve, or the person's id. */
export type PatientReference =
  | { readonly reference: string }
  | { readonly identifier: { readonly system: string; readonly value: string } };

/** One node of the authorisation tree as a FHIR Consent (health.md section 4; IHE PCF for `read` alone). Pure. */
export function consentOf(node: GrantNode, patient: PatientReference): FaceResource {
  const { revoked } = node;
  const resource: ExactResource = {
    resourceType: 'Consent',
    id: node.grantId,
    ...modifierExtension(node),
    status: revoked === undefined ? 'active' : 'inactive',
    scope: { coding: [{ system: HL7.consentScope, code: 'patient-privacy' }] },
    category: [{ coding: [{ ...PATIENT_CONSENT }] }],
    patient: { ...patient },
    dateTime: node.at,
    performer: [identified(SYSTEM.user, `${node.grantor.mspId}/${node.grantor.userId}`)],
    organization: [identified(SYSTEM.organisation, node.grantor.mspId)],
    sourceReference: identified(SYSTEM.transaction, node.transactionId),
    policyRule: { coding: [{ system: HL7.actCode, code: 'OPTIN' }] },
    provision: provisionOf(node),
  };
  return { resource, versionId: revoked === undefined ? '1' : '2', lastUpdated: revoked?.at ?? node.at };
}

function modifierExtension(node: GrantNode): { readonly modifierExtension?: ExactJson } {
  const rights = node.rights
    .filter((right) => right !== 'read')
    .map((right) => ({ url: EXTENSION.right, valueCode: right }));
  const parent =
    node.parent === undefined
      ? []
      : [{ url: EXTENSION.parent, valueReference: { reference: `Consent/${node.parent}` } }];
  const all = [...rights, ...parent];
  return all.length === 0 ? {} : { modifierExtension: all };
}

function provisionOf(node: GrantNode): ExactJson {
  return {
    type: node.effect,
    period: { start: node.start, ...(node.end === undefined ? {} : { end: node.end }) },
    actor: [actorOf(node.grantee)],
    ...(node.rights.includes('read')
      ? { action: [{ coding: [{ system: HL7.consentAction, code: 'access' }] }] }
      : {}),
    ...dimensions({
      ...(node.categories === '*' ? {} : { categories: node.categories }),
      sensitivities: node.sensitivities,
      purposes: node.purposes,
    }),
    ...(node.exceptions.length === 0
      ? {}
      : { provision: node.exceptions.map((each) => exceptionOf(node, each)) }),
  };
}

function exceptionOf(node: GrantNode, exception: GrantException): ExactJson {
  const { start, end, grantee } = exception;
  const period = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
  return {
    type: node.effect === 'permit' ? 'deny' : 'permit',
    ...(Object.keys(period).length === 0 ? {} : { period }),
    ...(grantee === undefined ? {} : { actor: [actorOf(grantee)] }),
    ...dimensions(exception),
  };
}

function dimensions(of: Pick<GrantException, 'categories' | 'sensitivities' | 'purposes'>): {
  [name: string]: ExactJson;
} {
  const list = (system: string, codes: readonly string[] | undefined): ExactJson[] =>
    (codes ?? []).map((code) => ({ system, code }));
  const members: [string, ExactJson[]][] = [
    ['securityLabel', list(SENSITIVITY_SYSTEM, of.sensitivities)],
    ['purpose', list(HL7.actReason, of.purposes)],
    ['class', list(CATEGORY_SYSTEM, of.categories)],
  ];
  return Object.fromEntries(members.filter(([, codings]) => codings.length > 0));
}

function actorOf(grantee: Grantee): ExactJson {
  const recipient = { coding: [{ system: HL7.participation, code: 'IRCP' }] };
  if (grantee.kind === 'person') {
    return { role: recipient, reference: identified(SYSTEM.user, `${grantee.mspId}/${grantee.userId}`) };
  }
  const role =
    grantee.kind === 'role' ? { coding: [{ system: SYSTEM.role, code: grantee.role }] } : recipient;
  return { role, reference: identified(SYSTEM.organisation, grantee.mspId) };
}

export function identified(system: string, value: string): { identifier: { system: string; value: string } } {
  return { identifier: { system, value } };
}
