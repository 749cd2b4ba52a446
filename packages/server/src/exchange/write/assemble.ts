import type { CircleRow } from '@healthchain/contracts';
import {
  canonical,
  fromBase64url,
  RESTRICTED,
  sha256,
  toHex,
  utf8,
  type RecordHeader,
  type RecordLabels,
  type RecordOperation,
  type WriteArguments,
} from '@healthchain/core';
import { sealWrite, type Epoch, type PublicIntakeKey, type SealedOperation } from '@healthchain/custody';
import { withoutServedMeta } from '../../fhir/index.ts';
import type { ExactResource, WriteOperation } from '../../ports.ts';
import { ExchangeError } from '../error.ts';
import type { LedgerFacts } from '../facts/facts.ts';
import type { OutboxRecord } from './outbox.ts';

export interface Author {
  readonly mspId: string;
  readonly userId: string;
}

/** What one `records:Write` takes, and what the outbox keeps beside it. */
export interface AssembledWrite {
  readonly argument: WriteArguments;
  readonly transient: Readonly<Record<string, Uint8Array>>;
  readonly records: readonly OutboxRecord[];
}

type ContentOperation = Extract<WriteOperation, { kind: 'put' | 'amend' }>;

/** To whom a write on this channel is sealed at the moment. */
export interface SealingTargets {
  readonly epoch: Epoch;
  readonly intakeKeys: readonly PublicIntakeKey[];
}

/** From the blocks applied so far. @throws ExchangeError UNAVAILABLE before an epoch is in force and each custodian has a key */
export function sealingTargets(facts: LedgerFacts, channel: string): SealingTargets {
  const circle = facts.row(channel, 'circle', '')?.row;
  if (circle?.epoch === undefined) {
    throw new ExchangeError('UNAVAILABLE', `No custody epoch is in force on ${channel}`);
  }
  return { epoch: epochOf(circle.epoch), intakeKeys: intakeKeysOf(facts, channel, circle) };
}

export function epochOf(row: NonNullable<CircleRow['epoch']>): Epoch {
  return { number: row.epoch, threshold: row.k, custodians: row.custodians };
}

/** Of two open keys of a custodian the one opened last: the other one is about to close. */
function intakeKeysOf(facts: LedgerFacts, channel: string, circle: CircleRow): PublicIntakeKey[] {
  const open = circle.intakeKeys.flatMap(({ mspId, keyId }) => {
    const row = facts.row(channel, 'intakeKey', `${mspId}/${keyId}`)?.row;
    return row?.state === 'open' ? [row] : [];
  });
  open.sort((a, b) => (a.openedAt < b.openedAt ? 1 : -1));
  return (circle.epoch?.custodians ?? []).map(({ mspId }) => {
    const row = open.find((key) => key.mspId === mspId);
    if (row === undefined)
      throw new ExchangeError('UNAVAILABLE', `The custodian of ${mspId} has no open intake key`);
    return { mspId, keyId: row.keyId, publicKey: fromBase64url(row.publicKey) };
  });
}

/** Seals the operations to the targets. `at`: about when the transaction will be made; its UTC day stands in the headers. */
export function assembleWrite(input: {
  readonly channel: string;
  readonly author: Author;
  readonly at: Date;
  readonly operations: readonly WriteOperation[];
  readonly targets: SealingTargets | undefined;
}): AssembledWrite {
  const { operations, targets } = input;
  const contents = operations.filter((operation) => hasContent(operation));
  const headers = new Map(contents.map((operation) => [operation, headerOf(input, operation)]));
  const sealed =
    contents.length === 0 || targets === undefined
      ? undefined
      : sealWrite({
          channel: input.channel,
          author: input.author.mspId,
          ...targets,
          records: contents.map((operation) => ({
            header: headers.get(operation) as RecordHeader,
            labels: operation.labels,
            type: operation.type,
            resource: operation.resource,
          })),
        });
  const sealedOf = new Map(contents.map((operation, i) => [operation, sealed?.operations[i]]));
  const transient: Record<string, Uint8Array> = {};
  const listed = operations.map((operation, i) => argumentOf(input, operation, i, sealedOf, transient));
  for (const { mspId, message } of sealed?.sealed ?? []) transient[`sealed/${mspId}`] = message;
  return {
    argument: {
      operations: listed,
      epoch: targets?.epoch.number ?? 0,
      dealing: 'author',
      sealed: (sealed?.sealed ?? []).map(({ mspId, intakeKeyId, hash }) => ({ mspId, intakeKeyId, hash })),
    },
    transient,
    records: operations.flatMap(outboxRecord),
  };
}

function argumentOf(
  input: { readonly channel: string; readonly author: Author; readonly at: Date },
  operation: WriteOperation,
  index: number,
  sealedOf: ReadonlyMap<WriteOperation, SealedOperation | undefined>,
  transient: Record<string, Uint8Array>,
): RecordOperation {
  if (operation.kind === 'retract') return { kind: 'retract', header: headerOf(input, operation) };
  if (operation.kind === 'directory') {
    const bytes = operation.resource === null ? undefined : utf8(committedText(operation.resource));
    if (bytes !== undefined) transient[`directory/${index}`] = bytes;
    const { kind, recordId, version, type, identifiers } = operation;
    const resourceHash = bytes === undefined ? null : toHex(sha256(bytes));
    return { kind, recordId, version, type, identifiers: [...identifiers], resourceHash };
  }
  const sealed = sealedOf.get(operation);
  if (sealed === undefined) throw new Error('A record that was not sealed');
  const { ciphertext, shareHashes, ...content } = sealed;
  transient[`ciphertext/${index}`] = ciphertext;
  return {
    kind: operation.kind,
    header: headerOf(input, operation),
    relation: operation.relation,
    ...content,
    shareHashes: [...shareHashes],
  };
}

function headerOf(
  input: { readonly channel: string; readonly author: Author; readonly at: Date },
  operation: Exclude<WriteOperation, { kind: 'directory' }>,
): RecordHeader {
  return {
    label: 'healthchain/v1/record',
    suite: 1,
    channel: input.channel,
    recordId: operation.recordId,
    version: operation.version,
    persons: [...operation.persons],
    categories: publicCategories(operation.labels),
    author: { mspId: input.author.mspId, userId: input.author.userId },
    day: input.at.toISOString().slice(0, 10),
  };
}

/** Above N the ledger shows `restricted` and nothing else (health.md section 3). */
function publicCategories(labels: RecordLabels): RecordHeader['categories'] {
  return labels.confidentiality === 'N' ? [...labels.categories] : [RESTRICTED];
}

function outboxRecord(operation: WriteOperation): OutboxRecord[] {
  if (operation.kind === 'directory') return [];
  const { recordId, version, type, labels } = operation;
  const text = operation.kind === 'retract' ? null : committedText(operation.resource);
  return [{ recordId, version, type, labels, text }];
}

/** Canonical JSON without `meta.versionId` and `meta.lastUpdated`: what the commitment covers and what every server starts from. */
function committedText(resource: ExactResource): string {
  return canonical(withoutServedMeta(resource));
}

function hasContent(operation: WriteOperation): operation is ContentOperation {
  return operation.kind === 'put' || operation.kind === 'amend';
}
