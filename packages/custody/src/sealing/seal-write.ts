import { sha256, toHex, type Bytes, type RecordLabels } from '@healthchain/core';
import { freshBytes, sealRecord, type RecordInput, type SealedRecord } from '../envelope/envelope.ts';
import type { Epoch } from '../epoch.ts';
import { CustodyError } from '../errors.ts';
import type { Randomness } from '../ports.ts';
import { dealShares, shareHash, type Share } from '../shares/shares.ts';
import { importIntakeKey, type PublicIntakeKey } from './intake-key.ts';
import { sealShareMessage, type MessageFacts } from './share-message.ts';

export interface WriteInput {
  readonly channel: string;
  /** MSP id of the organisation whose user signs the transaction. */
  readonly author: string;
  readonly epoch: Epoch;
  /** One open key of each custodian of the epoch. */
  readonly intakeKeys: readonly PublicIntakeKey[];
  /** The put and amend operations of the transaction, in its order. */
  readonly records: readonly RecordInput[];
}

/** What goes into the transaction: `operations[i]` completes the operation of `records[i]`. */
export interface SealedWrite {
  readonly operations: readonly SealedOperation[];
  /** In the epoch's order. */
  readonly sealed: readonly SealedMessage[];
}

export interface SealedOperation {
  readonly ciphertext: Bytes;
  readonly ciphertextHash: string;
  readonly ciphertextSize: number;
  readonly commitment: string;
  /** In the epoch's order, hex. */
  readonly shareHashes: readonly string[];
}

export interface SealedMessage {
  readonly mspId: string;
  readonly intakeKeyId: string;
  readonly message: Bytes;
  /** Hex SHA-256 of the message. */
  readonly hash: string;
}

interface DealtRecord {
  readonly input: RecordInput;
  readonly sealed: SealedRecord;
  readonly shares: readonly Share[];
  readonly shareHashes: readonly string[];
}

/**
 * Encrypts the records of one transaction, deals their keys and seals all shares of each custodian in one message. Data keys
 * and shares are overwritten before it returns.
 *
 * @throws CustodyError of `sealRecord`; BAD_THRESHOLD, BAD_INDEX; KEY_UNKNOWN when a custodian's intake key is missing; BAD_KEY
 */
export function sealWrite(input: WriteInput, random: Randomness = freshBytes): SealedWrite {
  const dealt = input.records.map((record) => dealRecord(record, input.epoch, random));
  const sealed = input.epoch.custodians.map((_, position) => sealForCustodian(input, dealt, position));
  for (const { shares } of dealt) for (const { y } of shares) y.fill(0);
  return { operations: dealt.map(operationOf), sealed };
}

function dealRecord(input: RecordInput, epoch: Epoch, random: Randomness): DealtRecord {
  const sealed = sealRecord(input, random);
  const shares = dealShares(sealed.dataKey, input.header, epoch);
  sealed.dataKey.fill(0);
  return { input, sealed, shares, shareHashes: shares.map((share) => toHex(shareHash(share))) };
}

function sealForCustodian(input: WriteInput, dealt: readonly DealtRecord[], position: number): SealedMessage {
  const { mspId, index } = input.epoch.custodians[position] as Epoch['custodians'][number];
  const intakeKey = input.intakeKeys.find((key) => key.mspId === mspId);
  if (intakeKey === undefined)
    throw new CustodyError('KEY_UNKNOWN', `There is no open intake key of ${mspId}`);
  const facts: MessageFacts = {
    channel: input.channel,
    custodian: mspId,
    index,
    intakeKeyId: intakeKey.keyId,
    author: input.author,
    epoch: input.epoch.number,
    records: dealt.map((record) => ({
      header: record.input.header,
      ciphertextHash: record.sealed.ciphertextHash,
      shareHash: record.shareHashes[position] as string,
    })),
  };
  const shared = dealt.map(({ shares, input: { labels } }): { y: Bytes; labels: RecordLabels } => ({
    y: (shares[position] as Share).y,
    labels,
  }));
  const message = sealShareMessage(importIntakeKey(input.channel, intakeKey), facts, shared);
  return { mspId, intakeKeyId: intakeKey.keyId, message, hash: toHex(sha256(message)) };
}

function operationOf({ sealed, shareHashes }: DealtRecord): SealedOperation {
  const { ciphertext, ciphertextHash, commitment } = sealed;
  return { ciphertext, ciphertextHash, ciphertextSize: ciphertext.length, commitment, shareHashes };
}
