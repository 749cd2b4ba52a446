import { canonical, fromBase64, toBase64, utf8 } from '@healthchain/core';
import { sealFor } from '../hpke/hpke.ts';
import { X_WING } from '../hpke/x-wing.ts';
import { parseEntry, type LogEntry, type SignedEntry } from '../log/format.ts';
import type { Tip } from '../ports.ts';
import { answerInfo, answerMessage, type Answer, type AnswerBody } from '../request/answer.ts';
import type { ReadRequest, RebuildRequest, RecordVersion } from '../request/format.ts';
import { encodeSlots } from '../sealing/slots.ts';
import type { Signer } from '../signature.ts';
import type { VaultShare } from '../store/vault.ts';

export interface AnswerSource {
  readonly mspId: string;
  readonly signer: Signer;
  find(recordId: string, version: number): VaultShare | undefined;
}

/**
 * The answer that the log entries of a request stand for. It is made from what is logged, so that nothing leaves that is not, and
 * so that a repeated request gets what the first one got.
 */
export function answerFrom(
  source: AnswerSource,
  request: ReadRequest | RebuildRequest,
  logged: { readonly requestHash: string; readonly tip: Tip; readonly entries: readonly SignedEntry[] },
): Answer {
  const parsed = logged.entries.map((signed) => ({ signed, entry: parseEntry(signed.text) }));
  const handedOut = parsed.filter(({ entry }) => entry.kind === 'released' || entry.kind === 'rebuild');
  const permitted = namesOf(handedOut.map(({ entry }) => entry));
  const shares = request.records.flatMap(({ recordId, version }) =>
    permitted.has(`${recordId}/${version}`) ? (source.find(recordId, version) ?? []) : [],
  );
  const released = namesOf([{ records: shares.map(({ share }) => share) }]);
  const withheld = request.records.filter(({ recordId, version }) => !released.has(`${recordId}/${version}`));
  const isHeld = ({ recordId, version }: RecordVersion): boolean =>
    source.find(recordId, version) !== undefined;
  const body = canonical({
    requestHash: logged.requestHash,
    channel: request.channel,
    custodian: source.mspId,
    height: logged.tip.height,
    headerHash: logged.tip.headerHash,
    released: shares.map(({ share: { recordId, version, epoch, index } }) => ({
      recordId,
      version,
      epoch,
      index,
    })),
    refused: withheld.filter(isHeld),
    missing: withheld.filter((record) => !isHeld(record)),
  } satisfies AnswerBody);
  const sealed = sealFor(
    X_WING.importPublic(fromBase64(request.readerKey)),
    { info: answerInfo(request.channel, source.mspId, request.id), aad: utf8(body) },
    encodeSlots(shares.map(({ share, labels }) => ({ y: share.y, labels }))),
  );
  return {
    body,
    sealed: toBase64(sealed),
    entries: handedOut.map(({ signed }) => signed),
    signature: toBase64(source.signer.sign(answerMessage(body, sealed))),
  };
}

function namesOf(
  entries: readonly {
    readonly records: readonly Pick<LogEntry['records'][number], 'recordId' | 'version'>[];
  }[],
): Set<string> {
  return new Set(
    entries.flatMap(({ records }) => records.map(({ recordId, version }) => `${recordId}/${version}`)),
  );
}
