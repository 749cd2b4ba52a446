import {
  fromHex,
  labelled,
  lengthPrefixed,
  uint32,
  utf8,
  type Bytes,
  type RecordHeader,
  type RecordLabels,
} from '@healthchain/core';
import { headerFitsLabels } from '../envelope/labels.ts';
import { openSealed, sealFor, type Binding } from '../hpke/hpke.ts';
import type { XWingPrivateKey, XWingPublicKey } from '../hpke/x-wing.ts';
import { matchesShareHash, type Share } from '../shares/shares.ts';
import { decodeSlots, encodeSlots, type Slot } from './slots.ts';

/**
 * All shares of one transaction for one custodian, in one sealed message (custody.md section 2). It opens only for the facts of
 * the transaction that it was made for: the custodian builds them from what is committed.
 */
export interface MessageFacts {
  readonly channel: string;
  readonly custodian: string;
  /** The custodian's fixed x. */
  readonly index: number;
  readonly intakeKeyId: string;
  /** MSP id of the author. */
  readonly author: string;
  readonly epoch: number;
  readonly records: readonly MessageRecord[];
}

interface MessageRecord {
  readonly header: RecordHeader;
  /** Hex. */
  readonly ciphertextHash: string;
  /** Of this custodian's share, hex. */
  readonly shareHash: string;
}

/** `shared[i]` is for `facts.records[i]`. */
export function sealShareMessage(
  recipient: XWingPublicKey,
  facts: MessageFacts,
  shared: readonly { readonly y: Bytes; readonly labels: RecordLabels }[],
): Bytes {
  return sealFor(recipient, bindingOf(facts), encodeSlots(shared));
}

export type OpenedShare =
  | {
      readonly ok: true;
      readonly record: MessageRecord;
      readonly share: Share;
      readonly labels: RecordLabels;
    }
  | {
      readonly ok: false;
      readonly record: MessageRecord;
      readonly reason: 'SHARE_MISMATCH' | 'LABELS_MISMATCH';
    };

/**
 * One result for each record of the transaction, in order.
 *
 * @throws CustodyError UNKNOWN_SUITE, OPEN_FAILED, MALFORMED: no record of the message can be used
 */
export function openShareMessage(
  key: XWingPrivateKey,
  facts: MessageFacts,
  message: Uint8Array,
): OpenedShare[] {
  const slots = decodeSlots(openSealed(key, bindingOf(facts), message), facts.records.length);
  return facts.records.map((record, i) => checkSlot(facts, record, slots[i] as Slot));
}

function checkSlot(facts: MessageFacts, record: MessageRecord, { y, labels }: Slot): OpenedShare {
  const { recordId, version } = record.header;
  const share = { recordId, version, epoch: facts.epoch, index: facts.index, y };
  if (!matchesShareHash(share, fromHex(record.shareHash)))
    return { ok: false, record, reason: 'SHARE_MISMATCH' };
  if (labels === undefined || !headerFitsLabels(record.header, labels)) {
    return { ok: false, record, reason: 'LABELS_MISMATCH' };
  }
  return { ok: true, record, share, labels };
}

function bindingOf(facts: MessageFacts): Binding {
  const info = labelled('share-message', utf8(facts.channel), utf8(facts.custodian), utf8(facts.intakeKeyId));
  const aad = labelled(
    'share-message-facts',
    utf8(facts.author),
    uint32(facts.epoch),
    Uint8Array.of(facts.index),
    ...facts.records.map(recordFacts),
  );
  return { info, aad };
}

function recordFacts({ header, ciphertextHash, shareHash }: MessageRecord): Bytes {
  return lengthPrefixed(
    utf8(header.recordId),
    uint32(header.version),
    lengthPrefixed(...header.persons.map(utf8)),
    lengthPrefixed(...header.categories.map(utf8)),
    fromHex(ciphertextHash),
    fromHex(shareHash),
  );
}
