import {
  sha256,
  toHex,
  type RecordHeader,
  type RecordOperation,
  type WriteArguments,
} from '@healthchain/core';
import { ContractError } from '../errors.ts';
import { purposeOfWrite } from '../gate/base-policy.ts';
import { decideAccess } from '../gate/decide.ts';
import type { AccessItem } from '../gate/question.ts';
import { circleOf } from '../gate/standing.ts';
import type { CircleRow, ContentRef, HeadRow, IndexRow, VersionRow } from '../state/rows.ts';
import { NO_PERSON, tables } from '../state/tables.ts';
import type { Tx } from '../tx.ts';
import { putDirectory, type DirectoryOperation } from './directory.ts';
import { renewed } from './persons.ts';

type RecordOnly = Exclude<RecordOperation, { readonly kind: 'directory' }>;
type ContentOperation = Extract<RecordOnly, { readonly kind: 'put' | 'amend' }>;
/** An operation and its position, which names its transient values. */
interface Placed<Operation> {
  readonly operation: Operation;
  readonly position: number;
}

/** Writes versions of records and directory entries, all or none. */
export async function write(tx: Tx, argument: WriteArguments) {
  const { records, directory } = sorted(argument.operations);
  assertEachOnce(argument.operations);
  records.forEach((placed) => assertHeader(tx, placed));
  await putSealed(tx, argument, records.map(({ operation }) => operation).filter(hasContent).length);
  await assertPermitted(tx, records);
  for (const placed of records) await putRecord(tx, argument, placed);
  await putRelations(tx, records);
  for (const { operation, position } of directory) await putDirectory(tx, operation, position);
  tx.emit('RecordsWritten', { operations: argument.operations.length });
  return { operations: argument.operations.length, at: tx.at };
}

function sorted(operations: readonly RecordOperation[]) {
  const records: Placed<RecordOnly>[] = [];
  const directory: Placed<DirectoryOperation>[] = [];
  operations.forEach((operation, position) => {
    if (operation.kind === 'directory') directory.push({ operation, position });
    else records.push({ operation, position });
  });
  return { records, directory };
}

/** A transaction sees no write of its own, so it could not check the second of two versions against the first. */
function assertEachOnce(operations: readonly RecordOperation[]): void {
  const ids = new Set<string>();
  operations.forEach((operation, position) => {
    const id = operation.kind === 'directory' ? operation.recordId : operation.header.recordId;
    if (ids.has(id)) refuse('SAME_RECORD_TWICE', position, 'a record stands in a transaction once');
    ids.add(id);
  });
}

/** Stores one sealed message for each custodian of the epoch in force, when there is anything that they hold shares of. */
async function putSealed(tx: Tx, argument: WriteArguments, contents: number): Promise<void> {
  if (contents === 0) {
    if (argument.sealed.length > 0) throw new ContractError('SEALING_INCOMPLETE', 'there is nothing to seal');
    return;
  }
  const circle = await circleOf(tx);
  assertSealing(circle, argument);
  for (const { mspId, hash } of argument.sealed) {
    const message = tx.transient(`sealed/${mspId}`);
    if (message === undefined || toHex(sha256(message)) !== hash) {
      throw new ContractError('HASH_MISMATCH', `sealed/${mspId} is not what the arguments name`);
    }
    tx.put(tables.sealed, [tx.id, mspId], message);
  }
  tx.put(tables.sealing, [tx.id], { sealed: argument.sealed });
}

function assertSealing(
  { epoch, intakeKeys }: CircleRow,
  { epoch: stated, dealing, sealed }: WriteArguments,
): void {
  if (epoch === undefined || epoch.epoch !== stated) {
    throw new ContractError('EPOCH_NOT_IN_FORCE', `epoch ${stated} is not in force`);
  }
  if (dealing !== 'author') {
    throw new ContractError('DEALING_NOT_POSSIBLE', 'a write carries the dealing of its author');
  }
  const addressed = sealed.map((message) => message.mspId);
  if (addressed.join() !== epoch.custodians.map((custodian) => custodian.mspId).join()) {
    throw new ContractError('SEALING_INCOMPLETE', 'one message for each custodian, in the epoch’s order');
  }
  for (const { mspId, intakeKeyId } of sealed) {
    if (!intakeKeys.some((key) => key.mspId === mspId && key.keyId === intakeKeyId)) {
      throw new ContractError('INTAKE_KEY_NOT_OPEN', `the intake key of ${mspId} is not open`);
    }
  }
}

/**
 * Asks the gate once for all operations; the ledger knows of a record above N only that it is restricted. Who follows a version
 * has to be permitted what it was filed under as well: nobody files a record away under what he may write.
 */
async function assertPermitted(tx: Tx, records: readonly Placed<RecordOnly>[]): Promise<void> {
  if (records.length === 0) return;
  const asked = (await Promise.all(records.map((placed) => itemsOf(tx, placed)))).flat();
  const decisions = await decideAccess(tx, {
    subject: tx.caller,
    purpose: purposeOfWrite(tx.caller.role),
    right: 'write',
    items: asked.map(({ item }) => item),
  });
  decisions.forEach(({ permit, code }, i) => {
    if (!permit) refuse('WRITE_REFUSED', (asked[i] as (typeof asked)[number]).position, code);
  });
}

async function itemsOf(
  tx: Tx,
  { operation: { header, kind }, position }: Placed<RecordOnly>,
): Promise<readonly { readonly item: AccessItem; readonly position: number }[]> {
  const before = kind === 'put' ? undefined : await tx.get(tables.head, [header.recordId]);
  const filings = before === undefined ? [header.categories] : [header.categories, before.categories];
  return filings.map((categories) => ({ item: itemOf(header, categories), position }));
}

function itemOf(header: RecordHeader, categories: RecordHeader['categories']): AccessItem {
  return {
    recordId: header.recordId,
    version: header.version,
    persons: header.persons,
    author: header.author,
    categories,
    confidentiality: categories.includes('restricted') ? 'R' : 'N',
    sensitivities: [],
  };
}

async function putRecord(tx: Tx, argument: WriteArguments, placed: Placed<RecordOnly>): Promise<void> {
  const { operation, position } = placed;
  const { header, kind } = operation;
  const before = await tx.get(tables.head, [header.recordId]);
  assertFollows(before, placed);
  const { recordId, version, persons, categories, author } = header;
  const { mspId } = author;
  tx.put(tables.head, [recordId], { recordId, version, kind, persons, categories, mspId });
  const content = hasContent(operation) ? await putContent(tx, argument, operation, position) : undefined;
  const row: VersionRow = { kind, header, at: tx.at, transactionId: tx.id, position };
  tx.put(tables.version, [recordId, version], content === undefined ? row : { ...row, content });
  putIndex(tx, before, {
    recordId,
    version,
    kind,
    persons,
    categories,
    author,
    at: tx.at,
    transactionId: tx.id,
  });
}

/** The header is the caller's statement about itself; nobody writes in another's name or on another day. */
function assertHeader(tx: Tx, { operation: { header }, position }: Placed<RecordOnly>): void {
  const holds =
    header.channel === tx.channel &&
    header.day === tx.day &&
    header.author.mspId === tx.caller.mspId &&
    header.author.userId === tx.caller.userId;
  if (!holds) refuse('HEADER_MISMATCH', position, 'channel, day or author is not the transaction’s');
}

/** Versions are contiguous from 1, of the same persons, by the same organisation, never less restricted, and end with a retraction. */
function assertFollows(before: HeadRow | undefined, { operation, position }: Placed<RecordOnly>): void {
  const { header, kind } = operation;
  if (kind === 'put') {
    if (before !== undefined || header.version !== 1) {
      refuse(
        'VERSION_CONFLICT',
        position,
        before === undefined ? 'the first version is 1' : 'the record exists',
      );
    }
    return;
  }
  if (before === undefined) return refuse('RECORD_UNKNOWN', position, 'there is no such record');
  if (before.mspId !== header.author.mspId) {
    refuse('NOT_THE_AUTHOR', position, 'only the author’s organisation amends and retracts');
  }
  if (before.kind === 'retract') refuse('RECORD_RETRACTED', position, 'the record is retracted');
  if (header.version !== before.version + 1) {
    refuse('VERSION_CONFLICT', position, `the next version is ${before.version + 1}`);
  }
  if (header.persons.join() !== before.persons.join()) {
    refuse('PERSON_CHANGED', position, 'a version never changes person');
  }
  if (before.categories.includes('restricted') && !header.categories.includes('restricted')) {
    refuse('LABELS_LOWERED', position, 'what is restricted stays restricted');
  }
}

async function putContent(
  tx: Tx,
  { epoch, dealing }: WriteArguments,
  operation: ContentOperation,
  position: number,
): Promise<ContentRef> {
  const { header, ciphertextHash, ciphertextSize, commitment, shareHashes } = operation;
  const ciphertext = tx.transient(`ciphertext/${position}`);
  if (ciphertext?.length !== ciphertextSize || toHex(sha256(ciphertext)) !== ciphertextHash) {
    return refuse('HASH_MISMATCH', position, 'the ciphertext is not what the arguments name');
  }
  const custodians = (await circleOf(tx)).epoch?.custodians ?? [];
  if (shareHashes.length !== custodians.length) {
    refuse('SEALING_INCOMPLETE', position, 'one share hash for each custodian');
  }
  tx.put(tables.body, [header.recordId, header.version], ciphertext);
  return { ciphertextHash, ciphertextSize, commitment, shareHashes, epoch, dealing };
}

/** One row for each category and person; rows of categories that the record has left are removed. */
function putIndex(tx: Tx, before: HeadRow | undefined, row: IndexRow): void {
  const persons = row.persons.length === 0 ? [NO_PERSON] : row.persons;
  for (const person of persons) {
    for (const category of row.categories) tx.put(tables.index, [category, person, row.recordId], row);
    for (const category of before?.categories ?? []) {
      if (!row.categories.includes(category)) tx.delete(tables.index, [category, person, row.recordId]);
    }
  }
}

/** Encounters, appointments and orders renew the relation, once a day. */
async function putRelations(tx: Tx, records: readonly Placed<RecordOnly>[]): Promise<void> {
  const { mspId } = tx.caller;
  const persons = new Set(
    records.flatMap(({ operation }) =>
      hasContent(operation) && operation.relation ? operation.header.persons : [],
    ),
  );
  for (const personId of persons) {
    const relation = await tx.get(tables.relation, [personId, mspId]);
    if (relation?.day !== tx.day) {
      tx.put(tables.relation, [personId, mspId], renewed(relation, personId, mspId, tx.day));
    }
  }
}

function hasContent(operation: RecordOnly): operation is ContentOperation {
  return operation.kind !== 'retract';
}

function refuse(code: ConstructorParameters<typeof ContractError>[0], position: number, text: string): never {
  throw new ContractError(code, `operation ${position}: ${text}`, { details: { position } });
}
