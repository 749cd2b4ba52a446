import { toPlain } from '@healthchain/core';
import { MAX_RECORDS_PER_REQUEST, type OpenedRecord as CustodyOpened } from '@healthchain/custody';
import { areLabelsPossible, ownershipOf, type PlainResource } from '../../fhir/index.ts';
import {
  MAX_OPENED,
  type LedgerVersion,
  type OpenedRecord,
  type OpenOutcome,
  type RequestContext,
} from '../../ports.ts';
import { emergencyFor } from '../decide.ts';
import { ExchangeError } from '../error.ts';
import type { LedgerFacts } from '../facts/facts.ts';
import { batches, openBatch, type Batch, type ReaderOptions } from './reader.ts';
import { readRequest, type Requester } from './request.ts';

/** Requests to custodians in flight for one call. */
const MAX_REQUESTS_AT_ONCE = 8;

export interface OpenOptions extends ReaderOptions {
  readonly requester: Requester;
  /** FHIR bases of the members. */
  readonly bases: readonly string[];
}

/** ports.ts `Exchange.open`. Plaintext lives in what this returns and nowhere else. */
export async function openVersions(
  options: OpenOptions,
  context: RequestContext,
  versions: readonly LedgerVersion[],
): Promise<OpenOutcome> {
  if (versions.length > MAX_OPENED) {
    throw new ExchangeError(
      'TOO_LARGE',
      `At most ${MAX_OPENED} records of other organisations are opened at once`,
    );
  }
  const byName = new Map(versions.map((version) => [nameOf(version), version]));
  const known = versions.flatMap(({ recordId, version }) => options.facts.version(recordId, version) ?? []);
  const personsOf = personsOfPatients(options.facts);
  const opened: OpenedRecord[] = [];
  const unreachable = new Set<string>();
  const queue = [...batches(options.facts, known, MAX_RECORDS_PER_REQUEST)];
  const work = async (): Promise<void> => {
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      const outcome = await openBatch(options, batch, ask(options, context, batch));
      outcome.unreachable.forEach((mspId) => unreachable.add(mspId));
      for (const record of outcome.opened) {
        const ledger = byName.get(nameOf(record.header));
        if (ledger !== undefined && isWhatItSays(options, personsOf, record))
          opened.push(toOpened(ledger, record));
      }
    }
  };
  await Promise.all(Array.from({ length: MAX_REQUESTS_AT_ONCE }, work));
  return { opened, unreachable: [...unreachable] };
}

function ask(options: OpenOptions, context: RequestContext, batch: Batch) {
  const persons = batch.person === null ? [] : [batch.person];
  return readRequest(options.requester, context, {
    channel: batch.channel,
    person: batch.person,
    epoch: batch.epoch,
    records: batch.versions.map(({ row }) => ({
      recordId: row.header.recordId,
      version: row.header.version,
    })),
    emergency: emergencyFor(options.facts, context, persons),
  });
}

function toOpened(ledger: LedgerVersion, record: CustodyOpened): OpenedRecord {
  return { ledger, type: record.type, resource: record.resource, labels: record.labels };
}

/**
 * The last check of custody.md section 4: the resource is the one that the header names, is about its persons, and may carry the
 * labels by which the custodians decided. A record whose author lied about that is shown to nobody.
 */
function isWhatItSays(
  { bases, log }: OpenOptions,
  personsOf: PersonsOfPatient,
  { header, resource, type, labels }: CustodyOpened,
): boolean {
  const plain = toPlain(resource) as PlainResource;
  const owned = ownershipOf(plain, bases);
  const patients = owned.kind === 'persons' ? owned.patients : [];
  const isRecord = plain['id'] === header.recordId && plain.resourceType === type;
  const isAboutThem = patients.every(
    (reference) => personsOf(reference)?.some((person) => header.persons.includes(person)) ?? true,
  );
  if (isRecord && isAboutThem && areLabelsPossible(plain, labels)) return true;
  log.alarm('resource is not what its header says', {
    recordId: header.recordId,
    author: header.author.mspId,
  });
  return false;
}

/**
 * Every id of the person that a reference to a Patient means. Undefined for a patient that the ledger does not show, who decides
 * nothing: references are checked for type, not for existence.
 */
type PersonsOfPatient = (reference: string) => readonly string[] | undefined;

/** Looks each patient up once: the records of one request are about a few. */
function personsOfPatients(facts: LedgerFacts): PersonsOfPatient {
  const known = new Map<string, readonly string[] | undefined>();
  return (reference) => {
    if (!known.has(reference)) known.set(reference, personsOnLedger(facts, reference));
    return known.get(reference);
  };
}

function personsOnLedger(facts: LedgerFacts, reference: string): readonly string[] | undefined {
  const head = facts.versions(reference.slice('Patient/'.length)).at(-1)?.row.header;
  if (head === undefined || head.persons.length === 0) return undefined;
  return head.persons.flatMap((person) => facts.personsOf(person));
}

function nameOf({ recordId, version }: { readonly recordId: string; readonly version: number }): string {
  return `${recordId}/${version}`;
}
