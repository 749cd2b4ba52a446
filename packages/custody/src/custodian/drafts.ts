import { CustodyError } from '../errors.ts';
import { NO_PERSON, type EntryDraft, type EntryKind, type EntryRecord } from '../log/format.ts';
import type { Identity } from '../ports.ts';
import type { AccessRequest, ReadRequest, RebuildRequest, RecordVersion } from '../request/format.ts';
import type { VaultShare } from '../store/vault.ts';

/** Entries that one request may leave: its records, times the patients each concerns. */
const MAX_ENTRIES_PER_REQUEST = 1_000;

/** What was decided about one record of a request. */
export interface Decided {
  readonly record: RecordVersion;
  /** Undefined: the custodian holds no share of it. */
  readonly held: VaultShare | undefined;
  readonly permit: boolean;
  /** Of the gate's deciding rule, or one of ours: `MISSING`, `REBUILD`, `NOT_AUTHOR`. */
  readonly code: string;
  readonly basis?: string;
}

export interface DecisionFacts {
  readonly requestHash: string;
  readonly asker: Identity;
  readonly height: number;
}

type RecordsRequest = ReadRequest | RebuildRequest;

/** One entry for each patient and outcome, in a fixed order. @throws CustodyError TOO_LARGE */
export function draftEntries(
  request: RecordsRequest,
  facts: DecisionFacts,
  decided: readonly Decided[],
): EntryDraft[] {
  const released: EntryKind = request.kind === 'rebuild' ? 'rebuild' : 'released';
  const drafts = new Map<string, { person: string; kind: EntryKind; records: EntryRecord[] }>();
  for (const item of decided) {
    const kind = item.permit ? released : 'refused';
    for (const person of patientsOf(request, item)) {
      const draft = drafts.get(person + kind) ?? { person, kind, records: [] };
      drafts.set(person + kind, draft);
      draft.records.push(entryRecord(item));
    }
  }
  if (drafts.size > MAX_ENTRIES_PER_REQUEST) {
    throw new CustodyError('TOO_LARGE', `A request leaves at most ${MAX_ENTRIES_PER_REQUEST} entries`);
  }
  const common = { ...commonMembers(request, facts), height: facts.height };
  return [...drafts.values()].map((draft) => ({ ...common, ...draft }));
}

/** The members of every entry that a request leaves. */
export function commonMembers(
  request: AccessRequest,
  { requestHash, asker }: Pick<DecisionFacts, 'requestHash' | 'asker'>,
): Omit<EntryDraft, 'person' | 'kind' | 'records'> {
  const { mspId, userId, role } = asker;
  return {
    requestId: request.id,
    requestHash,
    subject: { mspId, userId, role },
    purpose: request.purpose,
    ...(request.kind === 'rebuild' ? {} : { assurance: request.assurance }),
    ...(request.kind === 'rebuild' || request.interaction === undefined
      ? {}
      : { interaction: request.interaction }),
    ...(request.kind === 'read' && request.emergency !== undefined ? { emergency: request.emergency } : {}),
  };
}

/** Of a record that is not held, only the request says whom it is about. */
function patientsOf(request: RecordsRequest, { held }: Decided): readonly string[] {
  if (held === undefined) return [(request.kind === 'read' ? request.person : null) ?? NO_PERSON];
  return held.persons.length === 0 ? [NO_PERSON] : held.persons;
}

function entryRecord({ record, held, permit, code, basis }: Decided): EntryRecord {
  return {
    ...record,
    ...(permit && held !== undefined ? { epoch: held.share.epoch } : {}),
    code,
    ...(basis === undefined ? {} : { basis }),
  };
}
