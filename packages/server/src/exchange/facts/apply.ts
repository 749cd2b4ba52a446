import type { StateChange, TableName, VersionRow } from '@healthchain/contracts';
import { decodeWrite } from '@healthchain/contracts';
import type { DecodedTransaction } from '@healthchain/ledger';
import { SEQUENCES_PER_TRANSACTION, type FactKind, type LedgerFacts } from './facts.ts';

/** One VALID transaction of the health contract and where it stands. */
export interface PlacedTransaction {
  readonly channel: string;
  readonly blockNumber: number;
  /** Index within the block. */
  readonly index: number;
  readonly changes: readonly StateChange[];
  readonly transactionId: string;
  readonly creator: { readonly mspId: string; readonly certificate: string };
}

/** Rows that only an organisation's server writes. */
const BY_SERVERS: ReadonlySet<TableName> = new Set<TableName>(['intakeKey', 'checkpointHead']);

/** Which parts of a row's key and row the projection is kept by. `person`: the person that the row is about. */
const KEPT: { readonly [Kind in FactKind]: (change: never) => { readonly person?: string } } = {
  circle: () => ({}),
  epoch: () => ({}),
  intakeKey: () => ({}),
  checkpoint: () => ({}),
  checkpointHead: () => ({}),
  emergency: (change: { readonly row?: { readonly personId: string } }) => person(change.row?.personId),
  link: (change: { readonly key: readonly [string, string] }) => person(change.key[0]),
  binding: (change: { readonly row?: { readonly personId: string } }) => person(change.row?.personId),
  suspension: () => ({}),
};

export function decodeChanges(transaction: DecodedTransaction): readonly StateChange[] {
  return transaction.writes
    .filter((write) => write.namespace === transaction.chaincode)
    .map((write) => decodeWrite(write))
    .filter((change) => change !== undefined);
}

/** Projects one transaction. The versions it wrote come back in the order of its operations. */
export function applyFacts(facts: LedgerFacts, transaction: PlacedTransaction): readonly VersionRow[] {
  const bodies = bodiesOf(transaction.changes);
  const versions: VersionRow[] = [];
  for (const change of transaction.changes) {
    if (change.table === 'version' && change.row !== undefined) versions.push(change.row);
    else if (isKept(change.table)) keep(facts, transaction, change, change.table);
    if (BY_SERVERS.has(change.table)) {
      facts.putServer(transaction.channel, transaction.creator.mspId, transaction.creator.certificate);
    }
  }
  versions.sort((a, b) => a.position - b.position);
  for (const row of versions) {
    const { recordId, version } = row.header;
    const { channel, blockNumber } = transaction;
    const sequence = sequenceOf(transaction.index, row.position);
    facts.putVersion({ channel, row, blockNumber, sequence }, bodies.get(`${recordId}/${version}`));
  }
  return versions;
}

export function sequenceOf(transactionIndex: number, position: number): number {
  return transactionIndex * SEQUENCES_PER_TRANSACTION + position;
}

function bodiesOf(changes: readonly StateChange[]): ReadonlyMap<string, Uint8Array> {
  return new Map(
    changes.flatMap((change) =>
      change.table === 'body' && change.row !== undefined
        ? [[change.key.join('/'), change.row] as const]
        : [],
    ),
  );
}

function keep(facts: LedgerFacts, transaction: PlacedTransaction, change: StateChange, kind: FactKind): void {
  const key = change.key.join('/');
  if (change.row === undefined) {
    facts.deleteRow(transaction.channel, kind, key);
    return;
  }
  facts.putRow({
    kind,
    key,
    channel: transaction.channel,
    row: change.row as never,
    transactionId: transaction.transactionId,
    blockNumber: transaction.blockNumber,
    ...KEPT[kind](change as never),
  });
}

function isKept(table: TableName): table is FactKind {
  return Object.hasOwn(KEPT, table);
}

function person(personId: string | undefined): { readonly person?: string } {
  return personId === undefined ? {} : { person: personId };
}
