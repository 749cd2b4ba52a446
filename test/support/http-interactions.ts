import type { FhirClient, FhirResponse } from '@healthchain/cli';
import type { Found, Stored } from './http-situations.ts';
import {
  consentFor,
  drawMarker,
  nationalId,
  patient,
  recordOf,
  transactionOf,
  type Body,
  type RecordType,
} from './resources.ts';

/** One request of one role about one record in one situation. */
export interface Asking {
  readonly client: FhirClient;
  readonly found: Found;
  readonly record: Stored & { readonly type: RecordType };
  /** The record is expected to go: a twin of it is asked about instead. */
  readonly twin: () => Promise<Stored>;
}

export interface InteractionRow {
  readonly ask: (asking: Asking) => Promise<FhirResponse>;
  /** What stands in the answer when content came back; undefined: the interaction sends none. */
  readonly content?: (asking: Asking) => string;
}

const marker = ({ record }: Asking): string => record.marker;
const RESOURCE = {
  Consent: () => '"resourceType":"Consent"',
  AuditEvent: () => '"resourceType":"AuditEvent"',
} as const;
const get = (path: (asking: Asking) => string): InteractionRow['ask'] => {
  return (asking) => asking.client.request('GET', path(asking));
};
const post = (path: (asking: Asking) => string, body: (asking: Asking) => Body): InteractionRow['ask'] => {
  return (asking) => asking.client.request('POST', path(asking), JSON.stringify(body(asking)));
};

const patientOf = ({ found }: Asking): string => found.patient.id;
const nameOf = ({ record }: Asking): string => `${record.type}/${record.id}`;
const consentOf = ({ found }: Asking): string => `Consent/${String(found.consent['id'])}`;
const another = ({ record, found }: Asking): Body => recordOf(record.type, found.patient.id, drawMarker());

/** How each interaction of test/expectations/http-roles.csv is asked for. */
export const INTERACTIONS: Readonly<Record<string, InteractionRow>> = {
  metadata: { ask: get(() => 'metadata') },
  $validate: {
    ask: post(
      () => 'Observation/$validate',
      () => recordOf('Observation', 'nobody', drawMarker()),
    ),
  },
  read: { ask: get(nameOf), content: marker },
  vread: { ask: get((asking) => `${nameOf(asking)}/_history/1`), content: marker },
  'history-instance': { ask: get((asking) => `${nameOf(asking)}/_history`), content: marker },
  'history-type': { ask: get(({ record }) => `${record.type}/_history?_count=1000`), content: marker },
  'history-system': { ask: get(() => '_history?_count=1000'), content: marker },
  'search-type': { ask: get(({ record }) => `${record.type}?_count=1000`), content: marker },
  'search by patient': {
    ask: get((asking) => `${asking.record.type}?patient=${patientOf(asking)}`),
    content: marker,
  },
  'search-compartment': {
    ask: get((asking) => `Patient/${patientOf(asking)}/${asking.record.type}`),
    content: marker,
  },
  $everything: { ask: get((asking) => `Patient/${patientOf(asking)}/$everything`), content: marker },
  batch: {
    ask: post(
      () => '',
      (asking) => ({
        resourceType: 'Bundle',
        type: 'batch',
        entry: [{ request: { method: 'GET', url: nameOf(asking) } }],
      }),
    ),
    content: marker,
  },
  create: { ask: post(({ record }) => record.type, another) },
  'create Patient': {
    ask: post(
      () => 'Patient',
      () => patient(drawMarker(), drawMarker()),
    ),
  },
  transaction: {
    ask: post(
      () => '',
      (asking) => transactionOf(another(asking)),
    ),
  },
  update: {
    ask: async ({ client, found, record, twin }) => {
      const { id } = await twin();
      const body = { ...recordOf(record.type, found.patient.id, drawMarker()), id };
      return client.request('PUT', `${record.type}/${id}`, JSON.stringify(body));
    },
  },
  delete: {
    ask: async ({ client, record, twin }) => client.request('DELETE', `${record.type}/${(await twin()).id}`),
  },
  $match: {
    ask: post(
      () => 'Patient/$match',
      ({ found }) => ({ resourceType: 'Patient', identifier: [nationalId(found.nationalId)] }),
    ),
    content: ({ found }) => found.patient.marker,
  },
  '$break-glass': {
    ask: post(
      (asking) => `Patient/${patientOf(asking)}/$break-glass`,
      () => ({ resourceType: 'Parameters', parameter: [{ name: 'reason', valueCode: 'UNCONSCIOUS' }] }),
    ),
  },
  '$access-log': {
    ask: get((asking) => `Patient/${patientOf(asking)}/$access-log`),
    content: () => '"format":"healthchain/v1/access-log-export"',
  },
  'Consent read': { ask: get(consentOf), content: RESOURCE.Consent },
  'Consent create': {
    ask: post(
      () => 'Consent',
      (asking) =>
        consentFor({ patientId: patientOf(asking), grantee: { mspId: 'SouthMSP' }, rights: ['read'] }),
    ),
  },
  'Consent update': {
    ask: async (asking) => {
      const body = { ...asking.found.consent, status: 'inactive' };
      return asking.client.request('PUT', consentOf(asking), JSON.stringify(body));
    },
  },
  'AuditEvent search': {
    ask: get((asking) => `AuditEvent?patient=${patientOf(asking)}`),
    content: RESOURCE.AuditEvent,
  },
};
