import { REFUSAL_CODES } from '@healthchain/contracts';
import { sha256, toHex, utf8, type ExactJson } from '@healthchain/core';
import type { LogEntry } from '@healthchain/custody';
import type { FaceResource } from '../../ports.ts';
import { identified } from './consent-read.ts';
import { HL7, SYSTEM } from './systems.ts';

const REFUSALS: ReadonlySet<string | undefined> = new Set([...REFUSAL_CODES, 'MISSING', 'NOT_AUTHOR']);

/** What one access left at all custodians: the same request, asker, person and outcome. */
export interface Access {
  readonly entries: readonly [LogEntry, ...LogEntry[]];
  readonly refused: boolean;
}

/** How the AuditEvent names things: as this server's users can resolve them. */
export interface AuditNames {
  readonly patient: ExactJson;
  /** The name of `<mspId>/<userId>` in the directory. */
  user(name: string): string | undefined;
  /** `Type/id/_history/version` where the type is known here. */
  record(recordId: string, version: number): string | undefined;
}

/**
 * Joins the entries of several custodians about one access, newest access first (health.md section 9). Who asks chooses the
 * request's id: asker and bytes count too, so that nobody hides behind another's line. Pure.
 */
export function joinAccesses(entries: readonly LogEntry[]): readonly Access[] {
  const groups = Map.groupBy(entries, nameOf);
  return [...groups.values()]
    .map((group) => ({
      entries: group as unknown as Access['entries'],
      refused: isRefused(group[0] as LogEntry),
    }))
    .sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1));
}

function nameOf(entry: LogEntry): string {
  const { requestId, requestHash, person, subject } = entry;
  return [requestId, requestHash, person, subject.mspId, subject.userId, isRefused(entry)].join(' ');
}

function isRefused(entry: LogEntry): boolean {
  if (entry.kind === 'refused' || entry.kind === 'summary') return true;
  return entry.kind === 'stated' && entry.records.some(({ code }) => REFUSALS.has(code));
}

/** The first custodian's clock. */
export function timeOf(access: Access): string {
  return access.entries.map(({ time }) => time).sort()[0] as string;
}

/** The request's id, and of what else tells accesses apart a hash: an id of FHIR has 64 characters. */
export function auditId({ entries: [first] }: Access): string {
  return `${first.requestId}.${toHex(sha256(utf8(nameOf(first)))).slice(0, 16)}`;
}

/** IHE BALP's PatientRead or PatientQuery. */
export function auditEventOf(access: Access, names: AuditNames): FaceResource {
  const [first] = access.entries;
  const isQuery = first.kind === 'match' || first.interaction?.startsWith('search') === true;
  const recorded = timeOf(access);
  const resource = {
    resourceType: 'AuditEvent',
    id: auditId(access),
    type: { system: HL7.auditEventType, code: 'rest', display: 'RESTful Operation' },
    subtype: [{ system: HL7.restInteraction, code: subtypeOf(first) }],
    action: isQuery ? 'E' : 'R',
    recorded,
    outcome: access.refused ? '8' : '0',
    outcomeDesc: outcomeText(access),
    ...(first.purpose === undefined
      ? {}
      : { purposeOfEvent: [{ coding: [{ system: HL7.actReason, code: first.purpose }] }] }),
    agent: [agentOf(first, names)],
    source: {
      observer: identified(SYSTEM.organisation, first.custodian),
      type: [{ system: SYSTEM.decision, code: first.kind }],
    },
    entity: [
      patientEntity(names),
      ...recordEntities(access, names),
      ...basisEntities(access),
      requestEntity(access),
    ],
  };
  return { resource, versionId: '1', lastUpdated: recorded };
}

function subtypeOf(entry: LogEntry): string {
  if (entry.kind === 'match') return 'operation';
  return entry.interaction ?? 'read';
}

function outcomeText({ entries, refused }: Access): string {
  const [first] = entries;
  const codes = [...new Set(entries.flatMap(({ records }) => records.map(({ code }) => code ?? '')))]
    .filter(Boolean)
    .sort();
  const count = first.kind === 'summary' ? ` ${first.count} requests` : '';
  return `${refused ? 'refused' : first.kind}${count}${codes.length === 0 ? '' : `: ${codes.join(', ')}`}`;
}

/** `<mspId>/<userId>` of who asked; an organisation's own access has the organisation alone. */
export function userOf({ entries: [{ subject }] }: Access): string {
  return subject.userId === undefined ? subject.mspId : `${subject.mspId}/${subject.userId}`;
}

function agentOf({ subject, purpose, assurance, emergency }: LogEntry, names: AuditNames): ExactJson {
  const { mspId, userId, role } = subject;
  const display = userId === undefined ? undefined : names.user(`${mspId}/${userId}`);
  const policy = [
    ...(assurance === undefined ? [] : [`urn:healthchain:assurance:${assurance}`]),
    ...(emergency === undefined ? [] : [`urn:healthchain:emergency:${emergency}`]),
  ];
  return {
    type: { coding: [{ system: HL7.participation, code: 'IRCP' }] },
    ...(role === undefined ? {} : { role: [{ coding: [{ system: SYSTEM.role, code: role }] }] }),
    who:
      userId === undefined
        ? identified(SYSTEM.organisation, mspId)
        : {
            ...identified(SYSTEM.user, `${mspId}/${userId}`),
            ...(display === undefined ? {} : { display }),
          },
    requestor: true,
    ...(policy.length === 0 ? {} : { policy }),
    ...(purpose === undefined
      ? {}
      : { purposeOfUse: [{ coding: [{ system: HL7.actReason, code: purpose }] }] }),
  };
}

function patientEntity({ patient }: AuditNames): ExactJson {
  return {
    what: patient,
    type: { system: HL7.entityType, code: '1', display: 'Person' },
    role: { system: HL7.objectRole, code: '1', display: 'Patient' },
  };
}

/** One for each version, with the custodians that said so. */
function recordEntities({ entries }: Access, names: AuditNames): ExactJson[] {
  const versions = new Map<
    string,
    { readonly recordId: string; readonly version: number; readonly by: string[] }
  >();
  for (const { records, custodian } of entries) {
    for (const { recordId, version } of records) {
      const key = `${recordId}/${version}`;
      const known = versions.get(key) ?? { recordId, version, by: [] };
      if (!known.by.includes(custodian)) known.by.push(custodian);
      versions.set(key, known);
    }
  }
  return [...versions.values()].map(({ recordId, version, by }) => {
    const reference = names.record(recordId, version);
    return {
      what: whatOf(reference, recordId),
      type: { system: HL7.entityType, code: '2', display: 'System Object' },
      role: { system: HL7.objectRole, code: '4', display: 'Domain Resource' },
      detail: [
        { type: 'version', valueString: String(version) },
        { type: 'custodians', valueString: by.sort().join(' ') },
      ],
    };
  });
}

function whatOf(reference: string | undefined, recordId: string): { [name: string]: ExactJson } {
  return reference === undefined ? identified('urn:ietf:rfc:3986', `urn:uuid:${recordId}`) : { reference };
}

/** The Consents that the decisions rest on. */
function basisEntities({ entries }: Access): ExactJson[] {
  const grants = new Set(
    entries.flatMap(({ records, emergency }) =>
      records.flatMap(({ basis }) => (basis === undefined || basis === emergency ? [] : [basis])),
    ),
  );
  return [...grants].sort().map((grant) => ({
    what: { reference: `Consent/${grant}` },
    type: { system: HL7.entityType, code: '2', display: 'System Object' },
    role: { system: HL7.objectRole, code: '22', display: 'Policy' },
  }));
}

function requestEntity({ entries: [first] }: Access): ExactJson {
  return {
    what: identified(SYSTEM.request, first.requestId),
    type: { system: HL7.entityType, code: '4', display: 'Other' },
    role: { system: HL7.objectRole, code: '21', display: 'Job Stream' },
  };
}
