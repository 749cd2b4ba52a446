import type { PersonId, RecordId, RecordLabels } from '@healthchain/core';
import {
  directoryCopy,
  identifiersOf,
  type PlainResource,
  typeRow,
  withLabels,
  withoutServedMeta,
} from '../../fhir/index.ts';
import type { ExactResource, WriteOperation } from '../../ports.ts';
import type { StoredVersion } from '../../store/index.ts';
import type { Visit } from '../visit.ts';
import { labelProposals } from './labels.ts';
import { isNewPatient, ownersOf } from './owners.ts';
import { validateProposals } from './validity.ts';

/** A version that a caller wants to write: ids assigned, references to other entries of its bundle rewritten. */
export interface Proposal {
  readonly type: string;
  readonly id: RecordId;
  readonly version: number;
  readonly resource: ExactResource;
  readonly plain: PlainResource;
  /** The version that it follows. */
  readonly previous: StoredVersion | undefined;
  /** FHIRPath of the resource within the body: '' or `Bundle.entry[3].resource`. */
  readonly place: string;
}

/** A proposal with everything that the ledger wants to know about it. */
export interface Draft {
  readonly type: string;
  readonly id: RecordId;
  readonly version: number;
  /** As it will be stored; null for a tombstone. */
  readonly resource: ExactResource | null;
  readonly operation: WriteOperation;
}

/** Labels of what no table row gives a category: terminology and definitions. */
const PLAIN_LABELS: RecordLabels = { categories: ['other'], confidentiality: 'N', sensitivities: [] };

/**
 * Validates proposals, finds their persons and computes their labels, together, since those of one bundle depend on each other.
 * Changes nothing.
 *
 * @throws RestError INVALID with every issue of every proposal; BUSINESS_RULE; FORBIDDEN for persons that cannot be found
 */
export async function draftAll(visit: Visit, proposals: readonly Proposal[]): Promise<Draft[]> {
  validateProposals(visit, proposals);
  const persons = await ownersOf(visit, proposals);
  const labels = await labelProposals(visit, proposals);
  return proposals.map((proposal, i) => draftOf(proposal, persons[i] ?? [], labels[i] ?? PLAIN_LABELS));
}

function draftOf(proposal: Proposal, persons: readonly PersonId[], labels: RecordLabels): Draft {
  return typeRow(proposal.type)?.kind === 'directory'
    ? directoryDraft(proposal)
    : recordDraft(proposal, persons, labels);
}

function recordDraft(proposal: Proposal, persons: readonly PersonId[], labels: RecordLabels): Draft {
  const { type, id, version, previous } = proposal;
  const row = typeRow(type);
  const labelled = row?.kind === 'conformance' ? proposal.resource : withLabels(proposal.resource, labels);
  const resource = withoutServedMeta(labelled);
  const kind = previous === undefined ? 'put' : 'amend';
  const relation = row?.relation ?? false;
  const registers = isNewPatient(proposal) ? { registers: identifiersOf(resource) } : {};
  return {
    type,
    id,
    version,
    resource,
    operation: { kind, recordId: id, version, type, resource, persons, labels, relation, ...registers },
  };
}

function directoryDraft({ type, id, version, resource }: Proposal): Draft {
  const copy = withoutServedMeta(directoryCopy(resource));
  const identifiers = identifiersOf(copy);
  return {
    type,
    id,
    version,
    resource: copy,
    operation: { kind: 'directory', recordId: id, version, type, resource: copy, identifiers },
  };
}

/** The tombstone that follows a stored version. */
export function tombstoneOf(head: StoredVersion): Draft {
  const { type, id, persons } = head;
  const version = head.version + 1;
  const shared = { recordId: id, version, type };
  const operation: WriteOperation =
    head.labels === null
      ? { kind: 'directory', ...shared, resource: null, identifiers: identifiersOf(resourceOf(head)) }
      : { kind: 'retract', ...shared, persons, labels: head.labels };
  return { type, id, version, resource: null, operation };
}

function resourceOf(head: StoredVersion): ExactResource {
  return head.text === null ? {} : (JSON.parse(head.text) as ExactResource);
}
