import type { RecordLabels } from '@healthchain/core';
import type { CommittedVersion } from './types.ts';

export const NORMAL: RecordLabels = { categories: ['other'], confidentiality: 'N', sensitivities: [] };

let sequence = 0;

/** A committed version with defaults; later calls come later in commit order. */
export function committed(resource: object, more: Partial<CommittedVersion> = {}): CommittedVersion {
  const { resourceType, id } = resource as { resourceType: string; id: string };
  sequence++;
  return {
    type: resourceType,
    id,
    version: 1,
    lastUpdated: '2024-01-01T00:00:00.000Z',
    text: JSON.stringify(resource),
    persons: [],
    author: 'NorthMSP',
    labels: NORMAL,
    channel: 'care',
    transactionId: `tx${sequence}`,
    blockNumber: sequence,
    sequence: 0,
    ...more,
  };
}

export function deleted(type: string, id: string, version: number): CommittedVersion {
  return committed({ resourceType: type, id }, { version, text: null });
}
