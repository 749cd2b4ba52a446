import { toHex } from '@healthchain/core';
import { LedgerError } from '../error.ts';
import { fields, WireWriter } from '../wire/index.ts';
import { blockParts, decodeBlock } from './block.ts';
import type { Proposal, SignedAt } from './messages.ts';
import { decodeSignedAt, encodeSignedAt, openBlock } from './turn-metadata.ts';

/**
 * What an authority must remember of a height before anyone hears of it. Kept in the order written; records of heights that
 * are in the block log no longer matter.
 */
export type SigningRecord =
  /** It has acknowledged this proposal; it acknowledges no other at this turn or a lower one. */
  | {
      readonly kind: 'acknowledged';
      readonly height: number;
      readonly turn: number;
      readonly proposal: Proposal;
    }
  /** It has signed the proposal that it had acknowledged at `signed.turn`. */
  | { readonly kind: 'signed'; readonly height: number; readonly turn: number; readonly signed: SignedAt }
  /** It has voted to pass over this turn and signs nothing up to it. */
  | { readonly kind: 'voted'; readonly height: number; readonly turn: number }
  /** It has lost records of lower heights, and takes part again from this one on. */
  | { readonly kind: 'silentBelow'; readonly height: number };

const KINDS = ['acknowledged', 'signed', 'voted', 'silentBelow'] as const;

/** Records that become durable together, in parts. */
export function encodeRecords(records: readonly SigningRecord[]): Uint8Array[] {
  const writer = new WireWriter();
  for (const record of records) writer.message(1, encodeRecord(record));
  return writer.finishParts();
}

/** @throws LedgerError MALFORMED */
export function decodeRecords(bytes: Uint8Array): SigningRecord[] {
  return fields(bytes).all(1).map(decodeRecord);
}

function encodeRecord(record: SigningRecord): WireWriter {
  const writer = new WireWriter().uint(1, KINDS.indexOf(record.kind)).uint(2, record.height);
  if (record.kind !== 'silentBelow') writer.uint(3, record.turn);
  if (record.kind === 'acknowledged') writer.presentParts(4, blockParts(record.proposal.block));
  if (record.kind === 'signed') writer.present(5, encodeSignedAt(record.signed));
  return writer;
}

function decodeRecord(bytes: Uint8Array): SigningRecord {
  const record = fields(bytes);
  const kind = KINDS[record.number(1)];
  if (kind === 'silentBelow') return { kind, height: record.number(2) };
  const place = { height: record.number(2), turn: record.number(3) };
  if (kind === 'voted') return { kind, ...place };
  if (kind === 'signed') return { kind, ...place, signed: decodeSignedAt(record.bytes(5)) };
  if (kind === 'acknowledged') return { kind, ...place, proposal: openBlock(decodeBlock(record.bytes(4))) };
  throw new LedgerError('MALFORMED', `Signing record of unknown kind: ${toHex(bytes.subarray(0, 8))}`);
}
