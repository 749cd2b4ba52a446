import type { KeyObject } from 'node:crypto';
import { fromBase64, fromHex, utf8, type RecordLabels } from '@healthchain/core';
import type { CommittedRecord } from '../envelope/envelope.ts';
import type { Epoch } from '../epoch.ts';
import { CustodyError, type CustodyErrorCode } from '../errors.ts';
import { openSealed } from '../hpke/hpke.ts';
import type { XWingPrivateKey } from '../hpke/x-wing.ts';
import { entryLeafHash, entryMessage, parseEntry, type LogEntry, type SignedEntry } from '../log/format.ts';
import { answerInfo, answerMessage, parseAnswer, type Answer, type AnswerBody } from '../request/answer.ts';
import { requestHash, type ReadRequest, type RebuildRequest, type SignedRequest } from '../request/format.ts';
import { decodeSlots } from '../sealing/slots.ts';
import { matchesShareHash, type Share } from '../shares/shares.ts';
import { verifySignature } from '../signature.ts';

/** What the ledger says of one version of a record, for its reader. */
export interface ExpectedRecord extends CommittedRecord {
  readonly epoch: Epoch;
  /** Who dealt the shares: only the author's dealing can be proved bad. */
  readonly dealing: 'author' | 'redealt';
  /** In the epoch's order, hex. */
  readonly shareHashes: readonly string[];
}

/** One custodian's answer, and the key that its certificate on the ledger names. */
export interface ReceivedAnswer {
  readonly custodian: string;
  readonly key: KeyObject;
  readonly answer: Answer;
}

/** What was asked, and with which key. */
export interface Asked {
  readonly request: ReadRequest | RebuildRequest;
  readonly signed: SignedRequest;
  readonly privateKey: XWingPrivateKey;
}

/** A custodian that did not do what it must; `record` is absent when the whole answer is bad. */
export interface Misbehaviour {
  readonly custodian: string;
  readonly record?: { readonly recordId: string; readonly version: number };
  readonly code: CustodyErrorCode | 'ENTRY_MISSING' | 'LABELS_MISMATCH';
}

export interface CheckedShare {
  readonly custodian: string;
  readonly share: Share;
  readonly labels: RecordLabels;
}

export interface CheckedAnswer {
  readonly body: AnswerBody;
  /** Shares that match their hash on the ledger. */
  readonly shares: readonly CheckedShare[];
  readonly misbehaviour: readonly Misbehaviour[];
}

/** @throws CustodyError when nothing of the answer can be used */
export function openAnswer(
  asked: Asked,
  received: ReceivedAnswer,
  expected: ReadonlyMap<string, ExpectedRecord>,
): CheckedAnswer {
  const { custodian, answer } = received;
  const body = checkedBody(asked, received);
  const logged = loggedRecords(asked, received);
  const binding = {
    info: answerInfo(asked.request.channel, custodian, asked.request.id),
    aad: utf8(answer.body),
  };
  const slots = decodeSlots(
    openSealed(asked.privateKey, binding, fromBase64(answer.sealed)),
    body.released.length,
  );
  const misbehaviour: Misbehaviour[] = [];
  const shares = body.released.flatMap((released, i): CheckedShare[] => {
    const { recordId, version } = released;
    const blame = (code: Misbehaviour['code']): CheckedShare[] => {
      misbehaviour.push({ custodian, record: { recordId, version }, code });
      return [];
    };
    const { y, labels } = slots[i] as (typeof slots)[number];
    const share: Share = { ...released, y };
    const record = expected.get(nameOf(released));
    if (record === undefined || !isOwnShare(share, custodian, record)) return blame('SHARE_MISMATCH');
    if (labels === undefined) return blame('LABELS_MISMATCH');
    if (!logged.has(nameOf(released))) blame('ENTRY_MISSING');
    return [{ custodian, share, labels }];
  });
  return { body, shares, misbehaviour };
}

export function nameOf({
  recordId,
  version,
}: {
  readonly recordId: string;
  readonly version: number;
}): string {
  return `${recordId}/${version}`;
}

function checkedBody(asked: Asked, { custodian, key, answer }: ReceivedAnswer): AnswerBody {
  const body = parseAnswer(answer.body);
  const message = answerMessage(answer.body, fromBase64(answer.sealed));
  if (!verifySignature(key, message, fromBase64(answer.signature))) {
    throw new CustodyError('BAD_SIGNATURE', `The answer is not signed by ${custodian}`);
  }
  const isOurs =
    body.custodian === custodian &&
    body.channel === asked.request.channel &&
    body.requestHash === requestHash(asked.signed);
  if (!isOurs) throw new CustodyError('MALFORMED', 'The answer belongs to another request');
  return body;
}

function isOwnShare(share: Share, custodian: string, record: ExpectedRecord): boolean {
  const position = record.epoch.custodians.findIndex(({ mspId }) => mspId === custodian);
  const own = record.epoch.custodians[position];
  const hash = record.shareHashes[position];
  if (own === undefined || hash === undefined) return false;
  return (
    share.epoch === record.epoch.number && share.index === own.index && matchesShareHash(share, fromHex(hash))
  );
}

/** The records for which the custodian gave a signed entry about this request. */
function loggedRecords(asked: Asked, { custodian, key, answer }: ReceivedAnswer): Set<string> {
  const entries = answer.entries.flatMap((entry) => readEntry(entry, key) ?? []);
  const ours = entries.filter(
    (entry) =>
      entry.custodian === custodian &&
      entry.channel === asked.request.channel &&
      entry.requestHash === requestHash(asked.signed) &&
      (entry.kind === 'released' || entry.kind === 'rebuild'),
  );
  return new Set(ours.flatMap(({ records }) => records.map(nameOf)));
}

/** Undefined when the entry is not well-formed or not signed by the key. */
function readEntry(signed: SignedEntry, key: KeyObject): LogEntry | undefined {
  try {
    const entry = parseEntry(signed.text);
    const isSigned = verifySignature(key, entryMessage(entryLeafHash(signed)), fromBase64(signed.signature));
    return isSigned ? entry : undefined;
  } catch {
    return undefined;
  }
}
