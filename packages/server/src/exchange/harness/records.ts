import {
  randomUuid,
  type Category,
  type Confidentiality,
  type PersonId,
  type RecordLabels,
  type Sensitivity,
} from '@healthchain/core';
import type { Caller, ExactResource, LedgerVersion, WriteOperation, WriteResult } from '../../ports.ts';
import { openHealthClient } from '../sessions/health-client.ts';
import { requestOf, until, type TestConsortium, type TestServer } from './consortium.ts';

export interface KnownPatient {
  readonly person: PersonId;
  readonly patientId: string;
}

/** A Patient of the server's organisation, written by the caller, of a person registered there. */
export async function createPatient(
  server: TestServer,
  caller: Caller,
  identifier: string,
): Promise<KnownPatient> {
  const context = requestOf(caller, 'create');
  const person = await server.exchange.persons.forNewPatient(context, [identifier]);
  const patientId = randomUuid();
  const [system, value] = identifier.split('|') as [string, string];
  const resource: ExactResource = { resourceType: 'Patient', id: patientId, identifier: [{ system, value }] };
  const operation = put(patientId, 'Patient', resource, [person], labelsOf('demographics'));
  await server.exchange.write(context, [{ ...operation, registers: [identifier] }]);
  return { person, patientId };
}

export interface ObservationTerms {
  readonly category?: 'laboratory' | 'vital-signs' | 'imaging';
  readonly confidentiality?: Confidentiality;
  readonly sensitivities?: readonly Sensitivity[];
  readonly value?: number;
}

export function observation(
  { person, patientId }: KnownPatient,
  terms: ObservationTerms = {},
): WriteOperation & { kind: 'put' } {
  const recordId = randomUuid();
  const { category = 'laboratory', confidentiality = 'N', sensitivities = [] } = terms;
  const resource: ExactResource = {
    resourceType: 'Observation',
    id: recordId,
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: category }] },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '4548-4' }] },
    subject: { reference: `Patient/${patientId}` },
    valueQuantity: { value: terms.value ?? 7.1, unit: '%' },
  };
  const labels = { categories: [category], confidentiality, sensitivities: [...sensitivities] };
  return put(recordId, 'Observation', resource, [person], labels);
}

/** Writes, and waits until the other servers have applied it too. */
export async function writeEverywhere(
  consortium: TestConsortium,
  server: TestServer,
  caller: Caller,
  operations: readonly WriteOperation[],
): Promise<WriteResult> {
  const result = await server.exchange.write(requestOf(caller, 'create'), operations);
  await appliedEverywhere(consortium, result.blockNumber);
  return result;
}

export async function appliedEverywhere({ servers }: TestConsortium, block: number): Promise<void> {
  await until(() =>
    Object.values(servers).every(({ exchange }) => (exchange.status().channels[0]?.applied ?? -1) >= block),
  );
}

/** The patient's key at the authority becomes the person's. */
export async function bindKey(consortium: TestConsortium, caller: Caller, person: PersonId): Promise<void> {
  const { context } = consortium.servers.authority;
  const client = openHealthClient({
    mspId: context.mspId,
    channel: context.channels[0].name,
    gateways: context.gateways.slice(0, 1),
    keyPair: context.server,
  });
  const { blockNumber } = await client.persons.bindKey({ personId: person, userId: caller.userId });
  await appliedEverywhere(consortium, Number(blockNumber));
}

export interface GrantTerms {
  readonly to: Caller;
  readonly categories?: readonly Category[];
  readonly sensitivities?: readonly Sensitivity[];
  readonly rights?: readonly string[];
  readonly parent?: string;
  readonly type?: 'permit' | 'deny';
}

/** The Consent that a client posts. */
export function consent(patientId: string, terms: GrantTerms): ExactResource {
  const { to, categories, sensitivities, rights = [], parent, type = 'permit' } = terms;
  const modifiers = [
    ...rights.map((right) => ({ url: 'urn:healthchain:consent-right', valueCode: right })),
    ...(parent === undefined
      ? []
      : [{ url: 'urn:healthchain:consent-parent', valueReference: { reference: `Consent/${parent}` } }]),
  ];
  return {
    resourceType: 'Consent',
    ...(modifiers.length === 0 ? {} : { modifierExtension: modifiers }),
    status: 'active',
    scope: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
    },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${patientId}` },
    provision: {
      type,
      period: {
        start: new Date(Date.now() - 1_000).toISOString(),
        end: new Date(Date.now() + 86_400_000).toISOString(),
      },
      actor: [
        {
          role: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }],
          },
          reference: { identifier: { system: 'urn:healthchain:user', value: `${to.mspId}/${to.userId}` } },
        },
      ],
      action: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentaction', code: 'access' }] },
      ],
      purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }],
      ...(sensitivities === undefined
        ? {}
        : {
            securityLabel: sensitivities.map((code) => ({
              system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
              code,
            })),
          }),
      ...(categories === undefined
        ? {}
        : { class: categories.map((code) => ({ system: 'urn:healthchain:category', code })) }),
    },
  };
}

/** What a caller of the server can open of these records. */
export async function readIds(
  server: TestServer,
  caller: Caller,
  versions: readonly LedgerVersion[],
): Promise<string[]> {
  const { opened } = await server.exchange.open(requestOf(caller), versions);
  return opened.map(({ ledger }) => ledger.recordId).sort();
}

function put(
  recordId: string,
  type: string,
  resource: ExactResource,
  persons: readonly PersonId[],
  labels: RecordLabels,
): WriteOperation & { kind: 'put' } {
  return { kind: 'put', recordId, version: 1, type, resource, persons, labels, relation: false };
}

function labelsOf(category: Category): RecordLabels {
  return { categories: [category], confidentiality: 'N', sensitivities: [] };
}
