import { fromHex, toHex, type Bytes, type RecordLabels } from '@healthchain/core';
import { openRecord, type OpenedRecord } from '../envelope/envelope.ts';
import { encodeLabels } from '../envelope/labels.ts';
import { CustodyError, type CustodyErrorCode } from '../errors.ts';
import type { SignedEntry } from '../log/format.ts';
import { combineShares, proveBadShares } from '../shares/shares.ts';
import {
  nameOf,
  openAnswer,
  type Asked,
  type CheckedAnswer,
  type CheckedShare,
  type ExpectedRecord,
  type Misbehaviour,
  type ReceivedAnswer,
} from './open-answer.ts';

/** Sets of k shares tried for one record before it is given up. */
const MAX_SETS_TRIED = 64;

export interface FailedRecord {
  readonly recordId: string;
  readonly version: number;
  /** REFUSED: a gate said no. TOO_FEW_SHARES: ask another custodian. Anything else: the record is not what the ledger says. */
  readonly code: CustodyErrorCode;
}

/** Shares that the author dealt badly, proved with the record's key. */
export interface BadDealing {
  readonly recordId: string;
  readonly version: number;
  readonly author: string;
  readonly indexes: readonly number[];
}

export interface Combined {
  readonly opened: readonly OpenedRecord[];
  readonly failed: readonly FailedRecord[];
  readonly misbehaviour: readonly Misbehaviour[];
  readonly badDealings: readonly BadDealing[];
  /** To be kept: the absence of one from a later log is proof of misbehaviour. */
  readonly entries: readonly SignedEntry[];
  /** Height on which each custodian decided at least. */
  readonly heights: Readonly<Record<string, number>>;
}

/**
 * Opens the records of a request with the answers of at least k custodians: checks every share against its hash on the ledger,
 * combines, decrypts, checks commitment, header and labels (custody.md section 4). That person and categories are those of the
 * resource is left to the caller, who knows FHIR. What is wrong is named, never thrown.
 */
export function combineAnswers(
  asked: Asked,
  answers: readonly ReceivedAnswer[],
  records: readonly ExpectedRecord[],
): Combined {
  const expected = new Map(records.map((record) => [nameOf(record.header), record]));
  const checked = answers.map((received) => tryOpen(asked, received, expected));
  const usable = checked.flatMap(({ answer }) => answer ?? []);
  const sharesOf = Map.groupBy(
    usable.flatMap(({ shares }) => shares),
    ({ share }) => nameOf(share),
  );
  const refused = new Set(usable.flatMap(({ body }) => body.refused.map(nameOf)));
  const outcomes = records.map((record) => {
    const name = nameOf(record.header);
    return openWithShares(record, oneOfEach(sharesOf.get(name) ?? []), refused.has(name));
  });
  return {
    opened: outcomes.flatMap(({ opened }) => opened ?? []),
    failed: outcomes.flatMap(({ failed }) => failed ?? []),
    misbehaviour: [
      ...checked.flatMap(({ misbehaviour }) => misbehaviour),
      ...outcomes.flatMap((o) => o.misbehaviour),
    ],
    badDealings: outcomes.flatMap(({ badDealing }) => badDealing ?? []),
    entries: answers
      .filter((_, i) => checked[i]?.answer !== undefined)
      .flatMap(({ answer }) => answer.entries),
    heights: Object.fromEntries(usable.map(({ body }) => [body.custodian, body.height])),
  };
}

function tryOpen(
  asked: Asked,
  received: ReceivedAnswer,
  expected: ReadonlyMap<string, ExpectedRecord>,
): { readonly answer?: CheckedAnswer; readonly misbehaviour: readonly Misbehaviour[] } {
  try {
    const answer = openAnswer(asked, received, expected);
    return { answer, misbehaviour: answer.misbehaviour };
  } catch (cause) {
    const code = cause instanceof CustodyError ? cause.code : 'MALFORMED';
    return { misbehaviour: [{ custodian: received.custodian, code }] };
  }
}

/** A custodian that answers twice counts once. */
function oneOfEach(shares: readonly CheckedShare[]): CheckedShare[] {
  return [...new Map(shares.map((checked) => [checked.share.index, checked])).values()];
}

interface Outcome {
  readonly opened?: OpenedRecord;
  readonly failed?: FailedRecord;
  readonly badDealing?: BadDealing;
  readonly misbehaviour: readonly Misbehaviour[];
}

function openWithShares(
  record: ExpectedRecord,
  shares: readonly CheckedShare[],
  isRefused: boolean,
): Outcome {
  const { recordId, version } = record.header;
  if (shares.length < record.epoch.threshold) {
    const code = isRefused ? 'REFUSED' : 'TOO_FEW_SHARES';
    return { failed: { recordId, version, code }, misbehaviour: [] };
  }
  let failure: CustodyErrorCode = 'OPEN_FAILED';
  let attempts = 0;
  for (const set of subsets(shares, record.epoch.threshold)) {
    if (attempts++ >= MAX_SETS_TRIED) break;
    const dataKey = combineShares(
      set.map(({ share }) => share),
      record.epoch.threshold,
    );
    const result = openWithKey(record, dataKey, shares);
    if (typeof result !== 'string')
      return succeeded(record, dataKey, result, { shares, isFirst: attempts === 1 });
    failure = result;
    if (failure !== 'OPEN_FAILED') break;
  }
  return { failed: { recordId, version, code: failure }, misbehaviour: [] };
}

/** The record under the first labels that it opens with, or why it does not open. */
function openWithKey(
  record: ExpectedRecord,
  dataKey: Bytes,
  shares: readonly CheckedShare[],
): OpenedRecord | CustodyErrorCode {
  let failure: CustodyErrorCode = 'OPEN_FAILED';
  for (const labels of distinct(shares.map((share) => share.labels))) {
    try {
      return openRecord(dataKey, labels, record);
    } catch (cause) {
      if (!(cause instanceof CustodyError)) throw cause;
      failure = cause.code;
      if (failure !== 'OPEN_FAILED' && failure !== 'HEADER_MISMATCH') return failure;
    }
  }
  return failure === 'HEADER_MISMATCH' ? 'OPEN_FAILED' : failure;
}

function succeeded(
  record: ExpectedRecord,
  dataKey: Bytes,
  opened: OpenedRecord,
  { shares, isFirst }: { readonly shares: readonly CheckedShare[]; readonly isFirst: boolean },
): Outcome {
  const { recordId, version, author } = record.header;
  const truth = toHex(encodeLabels(opened.labels));
  const misbehaviour = shares
    .filter(({ labels }) => toHex(encodeLabels(labels)) !== truth)
    .map(({ custodian }) => ({ custodian, record: { recordId, version }, code: 'LABELS_MISMATCH' as const }));
  const indexes = isFirst || record.dealing !== 'author' ? [] : badIndexes(record, dataKey);
  dataKey.fill(0);
  if (indexes.length === 0) return { opened, misbehaviour };
  return { opened, misbehaviour, badDealing: { recordId, version, author: author.mspId, indexes } };
}

function badIndexes(record: ExpectedRecord, dataKey: Bytes): number[] {
  return proveBadShares(dataKey, record.header, record.epoch, record.shareHashes.map(fromHex));
}

function distinct(labels: readonly RecordLabels[]): RecordLabels[] {
  return [...new Map(labels.map((value) => [toHex(encodeLabels(value)), value])).values()];
}

/** Every choice of `size` of the items, the first ones first. */
function* subsets<Item>(items: readonly Item[], size: number): Generator<Item[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let first = 0; first + size <= items.length; first++) {
    for (const rest of subsets(items.slice(first + 1), size - 1)) yield [items[first] as Item, ...rest];
  }
}
