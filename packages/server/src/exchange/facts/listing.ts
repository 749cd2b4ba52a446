import type { PersonId, RecordId } from '@healthchain/core';
import type { LedgerVersion } from '../../ports.ts';
import type { HeadsWanted, LedgerFacts, VersionFact } from './facts.ts';

/** ports.ts `Exchange.versions`. */
export function versionsOf(facts: LedgerFacts, recordId: RecordId): readonly LedgerVersion[] {
  return facts.versions(recordId).map(toLedgerVersion);
}

/** ports.ts `Exchange.listPerson`: `persons` are all ids that the person has on the circles of this server. */
export function listPerson(
  facts: LedgerFacts,
  persons: readonly PersonId[],
  wanted: HeadsWanted,
): readonly LedgerVersion[] {
  return facts.heads(persons, wanted).map(toLedgerVersion);
}

function toLedgerVersion({ channel, row, blockNumber }: VersionFact): LedgerVersion {
  const { recordId, version, persons, categories, author } = row.header;
  return {
    channel,
    recordId,
    version,
    persons,
    categories,
    author,
    kind: row.kind,
    lastUpdated: row.at,
    transactionId: row.transactionId,
    blockNumber,
  };
}
