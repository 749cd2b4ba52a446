import {
  CATEGORIES,
  CONFIDENTIALITIES,
  RESTRICTED,
  SENSITIVITIES,
  type RecordHeader,
  type RecordLabels,
} from '@healthchain/core';
import { CustodyError } from '../errors.ts';

/**
 * Labels in seven bytes, whatever they say: the size of a sealed message tells nothing about them. Bit i stands for the i-th
 * member of the vocabulary: categories (uint32), confidentiality (its place), sensitivities (uint16). The order of the
 * vocabularies is therefore final; members may be added at the end.
 */
export const LABELS_LENGTH = 7;

/** What the ledger shows of the categories: nothing above N (health.md section 3). */
export function publicCategories(labels: RecordLabels): RecordHeader['categories'] {
  return labels.confidentiality === 'N' ? labels.categories : [RESTRICTED];
}

export function headerFitsLabels(header: RecordHeader, labels: RecordLabels): boolean {
  return header.categories.join() === publicCategories(labels).join();
}

export function encodeLabels(labels: RecordLabels): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(LABELS_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bitsOf(CATEGORIES, labels.categories));
  view.setUint8(4, CONFIDENTIALITIES.indexOf(labels.confidentiality));
  view.setUint16(5, bitsOf(SENSITIVITIES, labels.sensitivities));
  return bytes;
}

/** @throws CustodyError MALFORMED for a bit or place that stands for nothing */
export function decodeLabels(bytes: Uint8Array): RecordLabels {
  if (bytes.length !== LABELS_LENGTH)
    throw new CustodyError('MALFORMED', `Labels have ${LABELS_LENGTH} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const confidentiality = CONFIDENTIALITIES[view.getUint8(4)];
  if (confidentiality === undefined) throw new CustodyError('MALFORMED', 'Unknown confidentiality');
  return {
    categories: namesOf(CATEGORIES, view.getUint32(0)),
    confidentiality,
    sensitivities: namesOf(SENSITIVITIES, view.getUint16(5)),
  };
}

function bitsOf<Name extends string>(vocabulary: readonly Name[], names: readonly Name[]): number {
  return names.reduce((bits, name) => (bits | (1 << vocabulary.indexOf(name))) >>> 0, 0);
}

/** Sorted, as a record's labels are. */
function namesOf<Name extends string>(vocabulary: readonly Name[], bits: number): Name[] {
  if (bits >= 2 ** vocabulary.length)
    throw new CustodyError('MALFORMED', 'A label that is not in the vocabulary');
  return vocabulary.filter((_, i) => ((bits >>> i) & 1) === 1).sort();
}
