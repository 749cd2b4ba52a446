import type { DirectoryRow, StateChange, VersionRow } from '@healthchain/contracts';
import { parseExact, toHex, type PersonId } from '@healthchain/core';
import type { DecodedBlock, DecodedTransaction } from '@healthchain/ledger';
import { identifiersOf, servedText, type ExactResource } from '../../fhir/index.ts';
import type { CommittedVersion, Store } from '../../store/index.ts';
import { HEALTH } from '../sessions/session.ts';
import { DUPLICATE_TXID, VALID } from '../sessions/submit.ts';
import type { Outbox, OutboxRecord } from '../write/outbox.ts';
import type { Outcomes } from '../write/outcomes.ts';
import { applyFacts, decodeChanges, sequenceOf, type PlacedTransaction } from './apply.ts';
import type { LedgerFacts } from './facts.ts';

export interface ApplierOptions {
  readonly channel: string;
  readonly mspId: string;
  readonly store: Store;
  readonly facts: LedgerFacts;
  readonly outbox: Outbox;
  readonly outcomes: Outcomes;
  /** An own Patient carries these identifiers (`system|value`). */
  readonly indexPatient: (identifiers: readonly string[], personId: PersonId) => void;
}

/**
 * Applies one block to the store: facts, directory entries of every organisation, own records out of the outbox, and the
 * position, in one SQLite transaction. Whoever waits for a transaction of the block is told after that.
 */
export function applyBlock(options: ApplierOptions, block: DecodedBlock): void {
  const blockNumber = Number(block.number);
  const settled: { readonly transactionId: string; readonly code: number }[] = [];
  unsynced(options.store, () => {
    block.transactions.forEach((transaction, index) => {
      if (transaction.code === DUPLICATE_TXID) return;
      if (transaction.code === VALID && transaction.chaincode === HEALTH) {
        applyTransaction(options, placed(options.channel, blockNumber, index, transaction));
      }
      options.outbox.remove(transaction.txId, transaction.code === VALID ? 'valid' : 'void');
      settled.push({ transactionId: transaction.txId, code: transaction.code });
    });
    options.facts.setPosition(options.channel, blockNumber, toHex(block.headerHash));
  });
  for (const { transactionId } of settled) options.outbox.forget(transactionId);
  for (const { transactionId, code } of settled)
    options.outcomes.settle(transactionId, { code, blockNumber });
}

/**
 * A transaction that need not reach the disk before it counts: what it holds comes again from the blocks, and what does not (the
 * outbox) was synced before; the file's log keeps the order. Everything else in the file stays fully synced.
 */
function unsynced(store: Store, run: () => void): void {
  store.database.exec('PRAGMA synchronous = normal');
  try {
    store.transaction(run);
  } finally {
    store.database.exec('PRAGMA synchronous = full');
  }
}

function placed(
  channel: string,
  blockNumber: number,
  index: number,
  transaction: DecodedTransaction,
): PlacedTransaction {
  return {
    channel,
    blockNumber,
    index,
    transactionId: transaction.txId,
    creator: transaction.creator,
    changes: decodeChanges(transaction),
  };
}

function applyTransaction(options: ApplierOptions, transaction: PlacedTransaction): void {
  const { store, outbox, mspId, facts } = options;
  const versions = applyFacts(facts, transaction);
  const directory = transaction.changes
    .flatMap(directoryRow)
    .map((row, i) => directoryVersion(transaction, row, i));
  const own = versions.filter((row) => row.header.author.mspId === mspId);
  const plaintext = new Map(
    (own.length === 0 ? undefined : outbox.get(transaction.transactionId))?.records.map((record) => [
      `${record.recordId}/${record.version}`,
      record,
    ]),
  );
  const records: CommittedVersion[] = [];
  for (const row of own) {
    const { recordId, version } = row.header;
    const record = plaintext.get(`${recordId}/${version}`);
    if (record === undefined) facts.addMissing(recordId, version);
    else
      records.push(
        committedVersion(
          { ...transaction, row, sequence: sequenceOf(transaction.index, row.position) },
          record,
        ),
      );
  }
  for (const record of records) indexPatient(options, record);
  if (directory.length + records.length > 0) store.applyCommitted([...directory, ...records]);
}

function indexPatient(options: ApplierOptions, { type, text, persons: [personId] }: CommittedVersion): void {
  if (type !== 'Patient' || text === null || personId === undefined) return;
  options.indexPatient(identifiersOf(parseExact(text) as ExactResource), personId);
}

/** A record as the store keeps it: what the ledger says and the plaintext. The same from the outbox and from a rebuild. */
export function committedVersion(
  fact: {
    readonly channel: string;
    readonly row: VersionRow;
    readonly blockNumber: number;
    readonly sequence: number;
  },
  record: Pick<OutboxRecord, 'type' | 'text' | 'labels'>,
): CommittedVersion {
  const { row, channel, blockNumber, sequence } = fact;
  return {
    type: record.type,
    id: row.header.recordId,
    version: row.header.version,
    lastUpdated: row.at,
    text: servedText(record.text, row.header.version, row.at),
    persons: row.header.persons,
    author: row.header.author.mspId,
    labels: record.labels,
    channel,
    transactionId: row.transactionId,
    blockNumber,
    sequence,
  };
}

function directoryRow(change: StateChange): DirectoryRow[] {
  return change.table === 'directoryVersion' && change.row !== undefined ? [change.row] : [];
}

function directoryVersion(
  transaction: PlacedTransaction,
  row: DirectoryRow,
  place: number,
): CommittedVersion {
  return {
    type: row.type,
    id: row.recordId,
    version: row.version,
    lastUpdated: row.at,
    text: servedText(row.resource, row.version, row.at),
    persons: [],
    author: row.author.mspId,
    labels: null,
    channel: transaction.channel,
    transactionId: row.transactionId,
    blockNumber: transaction.blockNumber,
    sequence: sequenceOf(transaction.index, place),
  };
}
