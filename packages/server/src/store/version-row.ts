import type { RecordLabels } from '@healthchain/core';
import type { StoredVersion } from './types.ts';

export const VERSION_COLUMNS = `v.type, v.id, v.version, v.last_updated, v.text, v.channel, v.transaction_id, v.block, v.sequence,
  c.persons, c.author, c.labels, s.labels AS strict_labels`;
/** Where VERSION_COLUMNS come from. */
export const VERSION_TABLES =
  'record_version v JOIN access_class c ON c.id = v.class JOIN access_class s ON s.id = v.strict';

type Row = Record<string, unknown>;

export function versionOf(row: Row): StoredVersion {
  return {
    type: String(row['type']),
    id: String(row['id']),
    version: Number(row['version']),
    lastUpdated: String(row['last_updated']),
    text: typeof row['text'] === 'string' ? row['text'] : null,
    persons: JSON.parse(String(row['persons'])) as string[],
    author: String(row['author']),
    labels: JSON.parse(String(row['labels'])) as RecordLabels | null,
    historyLabels: JSON.parse(String(row['strict_labels'])) as RecordLabels | null,
    channel: String(row['channel']),
    transactionId: String(row['transaction_id']),
    blockNumber: Number(row['block']),
    sequence: Number(row['sequence']),
  };
}
