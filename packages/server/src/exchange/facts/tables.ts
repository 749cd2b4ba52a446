import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type {
  BindingRow,
  CheckpointRow,
  CircleRow,
  EmergencyRow,
  EpochRow,
  IntakeKeyRow,
  LinkRow,
  SuspensionRow,
} from '@healthchain/contracts';
import type { PersonId } from '@healthchain/core';
import { SCHEMA } from './schema.ts';

/** The rows that are kept by kind, and what each is. */
interface FactRows {
  readonly circle: CircleRow;
  readonly epoch: EpochRow;
  readonly intakeKey: IntakeKeyRow;
  readonly checkpoint: CheckpointRow;
  readonly checkpointHead: CheckpointRow;
  readonly emergency: EmergencyRow;
  readonly link: LinkRow;
  readonly binding: BindingRow;
  readonly suspension: SuspensionRow;
}
export type FactKind = keyof FactRows;

export interface StoredFact<Kind extends FactKind> {
  readonly channel: string;
  readonly row: FactRows[Kind];
  readonly transactionId: string;
  readonly blockNumber: number;
}

/** The tables of schema.ts: the position, the servers, and the latest rows of the contracts' small tables. */
export class FactTables {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA}; COMMIT`);
  }

  position(channel: string): { readonly number: number; readonly headerHash: string } | undefined {
    return this.get('SELECT number, headerHash FROM ledger_position WHERE channel = ?', channel) as never;
  }

  setPosition(channel: string, number: number, headerHash: string): void {
    this.run('INSERT OR REPLACE INTO ledger_position VALUES (?, ?, ?)', channel, number, headerHash);
  }

  putRow<Kind extends FactKind>(
    fact: { readonly kind: Kind; readonly key: string; readonly person?: PersonId } & StoredFact<Kind>,
  ): void {
    this.run(
      'INSERT OR REPLACE INTO ledger_row VALUES (?, ?, ?, ?, ?, ?, ?)',
      fact.channel,
      fact.kind,
      fact.key,
      fact.person ?? null,
      JSON.stringify(fact.row),
      fact.transactionId,
      fact.blockNumber,
    );
  }

  deleteRow(channel: string, kind: FactKind, key: string): void {
    this.run('DELETE FROM ledger_row WHERE channel = ? AND kind = ? AND key = ?', channel, kind, key);
  }

  row<Kind extends FactKind>(channel: string, kind: Kind, key: string): StoredFact<Kind> | undefined {
    const found = this.get(
      'SELECT * FROM ledger_row WHERE channel = ? AND kind = ? AND key = ?',
      channel,
      kind,
      key,
    );
    return found === undefined ? undefined : toFact(found);
  }

  rows<Kind extends FactKind>(channel: string, kind: Kind): readonly StoredFact<Kind>[] {
    return this.all('SELECT * FROM ledger_row WHERE channel = ? AND kind = ?', channel, kind).map(
      toFact<Kind>,
    );
  }

  rowsOfPerson<Kind extends FactKind>(person: PersonId, kind: Kind): readonly StoredFact<Kind>[] {
    return this.all('SELECT * FROM ledger_row WHERE person = ? AND kind = ?', person, kind).map(toFact<Kind>);
  }

  putServer(channel: string, mspId: string, certificate: string): void {
    this.run('INSERT OR REPLACE INTO ledger_server VALUES (?, ?, ?)', channel, mspId, certificate);
  }

  /** PEM of the server of an organisation, by its last intake key or checkpoint on the ledger. */
  serverCertificate(channel: string, mspId: string): string | undefined {
    const row = this.get(
      'SELECT certificate FROM ledger_server WHERE channel = ? AND mspId = ?',
      channel,
      mspId,
    );
    return row?.['certificate'] as string | undefined;
  }

  protected all(sql: string, ...values: SQLInputValue[]) {
    return this.#statement(sql).all(...values);
  }

  protected get(sql: string, ...values: SQLInputValue[]) {
    return this.#statement(sql).get(...values);
  }

  protected run(sql: string, ...values: SQLInputValue[]): void {
    this.#statement(sql).run(...values);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function toFact<Kind extends FactKind>(columns: Record<string, unknown>): StoredFact<Kind> {
  return {
    channel: columns['channel'] as string,
    row: JSON.parse(columns['row'] as string) as FactRows[Kind],
    transactionId: columns['transactionId'] as string,
    blockNumber: columns['block'] as number,
  };
}
