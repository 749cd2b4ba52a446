import { sha256, toHex, type RecordOperation } from '@healthchain/core';
import { CustodyError } from '../errors.ts';
import type { XWingPrivateKey } from '../hpke/x-wing.ts';
import { openShareMessage, type MessageFacts, type OpenedShare } from '../sealing/share-message.ts';
import type { VaultShare } from '../store/vault.ts';
import type { CommittedWrite, RejectedShare } from './facts.ts';

/** Whose shares are taken. */
export interface Receiver {
  readonly channel: string;
  readonly mspId: string;
  /** Undefined when the private half is not here. */
  key(keyId: string): XWingPrivateKey | undefined;
}

export interface TakenShares {
  readonly shares: readonly VaultShare[];
  readonly rejected: readonly RejectedShare[];
}

type ContentOperation = Extract<RecordOperation, { kind: 'put' | 'amend' }>;

/** The shares that one committed transaction holds for the receiver, and what of them cannot be used. */
export function takeShares(receiver: Receiver, height: number, committed: CommittedWrite): TakenShares {
  const operations = committed.write.operations.filter(hasContent);
  const position = committed.epoch.custodians.findIndex(({ mspId }) => mspId === receiver.mspId);
  if (operations.length === 0 || position < 0) return { shares: [], rejected: [] };
  const facts = messageFacts(receiver, committed, position, operations);
  const opened = facts === undefined ? 'NOT_SEALED' : openMessage(receiver, committed, facts);
  const complaint = { height, transactionId: committed.transactionId, author: committed.author };
  if (typeof opened === 'string') return { shares: [], rejected: [{ ...complaint, reason: opened }] };
  return {
    shares: opened.filter((share) => share.ok).map((share) => vaultShare(share, committed)),
    rejected: opened
      .filter((share) => !share.ok)
      .map(({ record: { header }, reason }) => ({
        ...complaint,
        record: { recordId: header.recordId, version: header.version },
        reason,
      })),
  };
}

/** Built from what is committed alone, so that a message made for anything else does not open. */
function messageFacts(
  receiver: Receiver,
  committed: CommittedWrite,
  position: number,
  operations: readonly ContentOperation[],
): MessageFacts | undefined {
  const addressed = committed.write.sealed.find(({ mspId }) => mspId === receiver.mspId);
  const { sealed } = committed;
  if (addressed === undefined || sealed === undefined || toHex(sha256(sealed)) !== addressed.hash)
    return undefined;
  return {
    channel: receiver.channel,
    custodian: receiver.mspId,
    index: committed.epoch.custodians[position]?.index ?? 0,
    intakeKeyId: addressed.intakeKeyId,
    author: committed.author.mspId,
    epoch: committed.epoch.number,
    records: operations.map(({ header, ciphertextHash, shareHashes }) => ({
      header,
      ciphertextHash,
      shareHash: shareHashes[position] ?? '',
    })),
  };
}

function openMessage(
  receiver: Receiver,
  { sealed }: CommittedWrite,
  facts: MessageFacts,
): OpenedShare[] | RejectedShare['reason'] {
  const key = receiver.key(facts.intakeKeyId);
  if (key === undefined) return 'KEY_DESTROYED';
  try {
    return openShareMessage(key, facts, sealed ?? new Uint8Array(0));
  } catch (cause) {
    if (cause instanceof CustodyError) return 'NOT_OPENED';
    throw cause;
  }
}

function vaultShare(
  { share, record, labels }: Extract<OpenedShare, { ok: true }>,
  committed: CommittedWrite,
): VaultShare {
  return { share, labels, persons: record.header.persons, author: committed.author };
}

function hasContent(operation: RecordOperation): operation is ContentOperation {
  return operation.kind === 'put' || operation.kind === 'amend';
}
