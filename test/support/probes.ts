import type { FhirClient, FhirResponse } from '@healthchain/cli';
import { HIV, POTASSIUM, type RecordName, type Records } from './ward.ts';

/** One way to get at the records of a patient. */
export interface Probe {
  readonly ask: (client: FhirClient, stay: Records) => Promise<FhirResponse>;
  /** What it brings to who may read `laboratory`, nothing labelled R; `+` before a record: of its first version too. */
  readonly brings: readonly (RecordName | '+potassium')[];
  /** Status for who may read nothing: a named record is not found, a list is empty. */
  readonly refused: 200 | 404;
  /** Matches of a search, for who may read `laboratory`. */
  readonly total?: number;
}

const get =
  (path: (stay: Records) => string): Probe['ask'] =>
  (client, stay) =>
    client.request('GET', path(stay));

const read = (name: RecordName, type: string): Probe['ask'] => get(({ ids }) => `${type}/${ids[name]}`);

const search = (query: (stay: Records) => string, brings: Probe['brings'], total: number): Probe => ({
  ask: get(query),
  brings,
  refused: 200,
  total,
});

const batch = (paths: (stay: Records) => readonly string[]): Probe['ask'] => {
  return (client, stay) => {
    const entry = paths(stay).map((url) => ({ request: { method: 'GET', url } }));
    return client.request('POST', '', JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }));
  };
};

const about = ({ patientId }: Records): string => `patient=${patientId}`;

export const PROBES: Readonly<Record<string, Probe>> = {
  read: { ask: read('potassium', 'Observation'), brings: ['potassium'], refused: 404 },
  'read of a report': { ask: read('report', 'DiagnosticReport'), brings: ['report'], refused: 404 },
  'read of what is labelled R': { ask: read('hiv', 'Observation'), brings: [], refused: 404 },
  'read of another category': { ask: read('pulse', 'Observation'), brings: [], refused: 404 },
  'read of another type': { ask: read('asthma', 'Condition'), brings: [], refused: 404 },
  'read of the patient': { ask: get(({ patientId }) => `Patient/${patientId}`), brings: [], refused: 404 },
  vread: {
    ask: get(({ ids }) => `Observation/${ids.potassium}/_history/1`),
    brings: ['+potassium'],
    refused: 404,
  },
  'vread of what is labelled R': {
    ask: get(({ ids }) => `Observation/${ids.hiv}/_history/1`),
    brings: [],
    refused: 404,
  },
  history: {
    ask: get(({ ids }) => `Observation/${ids.potassium}/_history`),
    brings: ['potassium', '+potassium'],
    refused: 404,
  },
  'history of what is labelled R': {
    ask: get(({ ids }) => `Observation/${ids.hiv}/_history`),
    brings: [],
    refused: 404,
  },
  search: search((stay) => `Observation?${about(stay)}&_total=accurate`, ['potassium', 'sodium'], 2),
  'search by code': search((stay) => `Observation?${about(stay)}&code=${POTASSIUM}`, ['potassium'], 1),
  'search by the code of what is labelled R': search(
    (stay) => `Observation?${about(stay)}&code=${HIV}`,
    [],
    0,
  ),
  'search by category': search((stay) => `Observation?${about(stay)}&category=vital-signs`, [], 0),
  'search by negation': search((stay) => `Observation?${about(stay)}&code:not=${POTASSIUM}`, ['sodium'], 1),
  'search by POST': {
    ask: (client, stay) =>
      client.request('POST', 'Observation/_search', about(stay), {
        'content-type': 'application/x-www-form-urlencoded',
      }),
    brings: ['potassium', 'sodium'],
    refused: 200,
    total: 2,
  },
  'search in the compartment': search(
    ({ patientId }) => `Patient/${patientId}/Observation`,
    ['potassium', 'sodium'],
    2,
  ),
  'search of another type': search((stay) => `Condition?${about(stay)}`, [], 0),
  total: search((stay) => `Observation?${about(stay)}&_summary=count`, [], 2),
  chain: search((stay) => `DiagnosticReport?${about(stay)}&result.code=${POTASSIUM}`, ['report'], 1),
  'chain through what is labelled R': search(
    (stay) => `DiagnosticReport?${about(stay)}&result.code=${HIV}`,
    [],
    0,
  ),
  'chain through the patient': search(
    ({ patientId, patientMarker }) => `Observation?patient=${patientId}&patient.family=${patientMarker}`,
    [],
    0,
  ),
  'reverse chain': search(
    (stay) => `Observation?${about(stay)}&_has:DiagnosticReport:result:status=final`,
    ['potassium'],
    1,
  ),
  _include: search(
    (stay) =>
      `DiagnosticReport?${about(stay)}&_include=DiagnosticReport:result&_include=DiagnosticReport:subject`,
    ['report', 'potassium'],
    1,
  ),
  _revinclude: search(
    (stay) => `Observation?${about(stay)}&code=${POTASSIUM}&_revinclude=DiagnosticReport:result`,
    ['potassium', 'report'],
    1,
  ),
  $everything: {
    ask: get(({ patientId }) => `Patient/${patientId}/$everything`),
    brings: ['potassium', 'sodium', 'report'],
    refused: 404,
  },
  batch: {
    ask: batch((stay) => [
      `Observation/${stay.ids.potassium}`,
      `Observation/${stay.ids.hiv}`,
      `Observation?${about(stay)}`,
      `Condition/${stay.ids.asthma}`,
    ]),
    brings: ['potassium', 'sodium'],
    refused: 200,
  },
};

/** The names of the records whose letters stand in an answer. */
export function broughtBy(text: string, stay: Records): string[] {
  const found = Object.entries(stay.markers).filter(([, marker]) => text.includes(marker));
  const former = text.includes(stay.firstPotassium) ? ['+potassium'] : [];
  return [...found.map(([name]) => name), ...former].sort();
}

/** Letters of the patient beside those of records: names and identifiers. */
export function namesPatient(text: string, { patientMarker }: Records): boolean {
  return text.replaceAll(/"(?:url|fullUrl)":"[^"]*"/g, '').includes(patientMarker);
}
