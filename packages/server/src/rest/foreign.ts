import { resourceText, withServedMeta } from '../fhir/index.ts';
import { type LedgerVersion, MAX_OPENED, type OpenedRecord } from '../ports.ts';
import type { StoredVersion } from '../store/index.ts';
import { RestError } from './error.ts';
import { pass, type Visit } from './visit.ts';

export interface ForeignOutcome {
  /** In the order asked for; what the gates refused is missing. */
  readonly records: readonly StoredVersion[];
  /** Organisations whose custodian could not be reached. */
  readonly unreachable: readonly string[];
}

/**
 * Opens versions of other organisations' records for this visit. The custodians decide and log; what comes back lives as long as
 * the visit.
 *
 * @throws RestError TOO_COSTLY for more than MAX_OPENED; ExchangeError UNAVAILABLE
 */
export async function openForeign(visit: Visit, versions: readonly LedgerVersion[]): Promise<ForeignOutcome> {
  pass(visit, 'open');
  if (versions.length === 0) return { records: [], unreachable: [] };
  if (versions.length > MAX_OPENED) {
    throw new RestError(
      'TOO_COSTLY',
      `More than ${MAX_OPENED} records of other organisations would have to be opened`,
    );
  }
  const { opened, unreachable } = await visit.server.exchange.open(visit.context, versions);
  const byVersion = new Map(opened.map((record) => [keyOf(record.ledger), record]));
  const records = versions.flatMap((version) => {
    const record = byVersion.get(keyOf(version));
    return record === undefined ? [] : [asStored(record)];
  });
  return { records, unreachable };
}

/** An opened record in the shape of a stored one: the same bytes that its author's server serves. */
function asStored({ ledger, type, resource, labels }: OpenedRecord): StoredVersion {
  const { recordId: id, version, lastUpdated, persons, channel, transactionId, blockNumber } = ledger;
  const served = withServedMeta(resource, { versionId: String(version), lastUpdated });
  const place = { channel, transactionId, blockNumber, sequence: UNORDERED };
  const facts = { persons, author: ledger.author.mspId, labels, historyLabels: labels };
  return { type, id, version, lastUpdated, text: resourceText(served), ...facts, ...place };
}

/** Records of one block are ordered by their ids: an order that does not depend on what else was opened. */
const UNORDERED = 0;

function keyOf({ recordId, version }: LedgerVersion): string {
  return `${recordId}/${version}`;
}
