import { concat, type Bytes, type RecordLabels } from '@healthchain/core';
import { decodeLabels, encodeLabels, LABELS_LENGTH } from '../envelope/labels.ts';
import { CustodyError } from '../errors.ts';
import { DATA_KEY_LENGTH } from '../shares/shares.ts';

/** What one record takes of a sealed message: the share's y and the true labels, of fixed size. */
export interface Slot {
  readonly y: Bytes;
  /** Undefined when the bytes stand for no labels. */
  readonly labels: RecordLabels | undefined;
}

const SLOT = DATA_KEY_LENGTH + LABELS_LENGTH;

export function encodeSlots(
  slots: readonly { readonly y: Uint8Array; readonly labels: RecordLabels }[],
): Bytes {
  return concat(...slots.flatMap(({ y, labels }) => [y, encodeLabels(labels)]));
}

/** @throws CustodyError MALFORMED unless there are exactly `count` */
export function decodeSlots(bytes: Uint8Array, count: number): Slot[] {
  if (bytes.length !== SLOT * count) {
    throw new CustodyError('MALFORMED', 'The message does not hold one share for each record');
  }
  return Array.from({ length: count }, (_, i) => {
    const slot = new Uint8Array(bytes.subarray(i * SLOT, (i + 1) * SLOT));
    return { y: slot.slice(0, DATA_KEY_LENGTH), labels: readLabels(slot.subarray(DATA_KEY_LENGTH)) };
  });
}

function readLabels(bytes: Uint8Array): RecordLabels | undefined {
  try {
    return decodeLabels(bytes);
  } catch {
    return undefined;
  }
}
