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
  VersionRow,
} from '@healthchain/contracts';
import type { PersonId, RecordId, UserId } from '@healthchain/core';
import { SCHEMA } from './schema.ts';

/** The rows that are kept by kind, and what each is. */
export interface FactRows {
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

/** One version as the blocks show it. */
export interface VersionFact {
  readonly channel: string;
  readonly row: VersionRow;
  readonly blockNumber: number;
  /** Place within the block. */
  readonly sequence: number;
}

export interface StoredFact<Kind extends FactKind> {
  readonly channel: string;
  readonly row: FactRows[Kind];
  readonly transactionId: string;
  readonly blockNumber: number;
}

interface VersionColumns {
  readonly channel: string;
  readonly kind: string;
  readonly header: string;
  readonly content: string | null;
  readonly at: string;
  readonly transactionId: string;
  readonly block: number;
  readonly sequence: number;
}

/** Questions about what the followed blocks say. Everything answered here is as of the block that was applied last. */
export class LedgerFacts {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(SCHEMA);
  }

  position(channel: string): { readonly number: number; readonly headerHash: string } | undefined {
    return this.#get('SELECT number, headerHash FROM ledger_position WHERE channel = ?', channel) as never;
  }

  setPosition(channel: string, number: number, headerHash: string): void {
    this.#run('INSERT OR REPLACE INTO ledger_position VALUES (?, ?, ?)', channel, number, headerHash);
  }

  /** The version becomes the head of its record under each of its persons. */
  putVersion(fact: VersionFact, ciphertext: Uint8Array | undefined): void {
    const { row } = fact;
    const { recordId, version, persons, author } = row.header;
    this.#run(
      'INSERT OR REPLACE INTO ledger_version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      recordId,
      version,
      fact.channel,
      row.kind,
      author.mspId,
      JSON.stringify(row.header),
      row.content === undefined ? null : JSON.stringify(row.content),
      row.at,
      row.transactionId,
      fact.blockNumber,
      fact.sequence,
      ciphertext ?? null,
    );
    for (const person of persons) {
      this.#run('INSERT OR REPLACE INTO ledger_head VALUES (?, ?, ?)', person, recordId, version);
    }
  }

  /** Oldest first. */
  versions(recordId: RecordId): readonly VersionFact[] {
    return this.#versions('SELECT * FROM ledger_version WHERE recordId = ? ORDER BY version', recordId);
  }

  version(recordId: RecordId, version: number): VersionFact | undefined {
    return this.#versions(
      'SELECT * FROM ledger_version WHERE recordId = ? AND version = ?',
      recordId,
      version,
    )[0];
  }

  /** In the order of the transaction's operations. */
  versionsOfTransaction(transactionId: string, limit: number): readonly VersionFact[] {
    return this.#versions(
      'SELECT * FROM ledger_version WHERE transactionId = ? ORDER BY sequence LIMIT ?',
      transactionId,
      limit,
    );
  }

  ciphertext(recordId: RecordId, version: number): Uint8Array | undefined {
    const row = this.#get(
      'SELECT ciphertext FROM ledger_version WHERE recordId = ? AND version = ?',
      recordId,
      version,
    ) as { readonly ciphertext: Uint8Array | null } | undefined;
    return row?.ciphertext ?? undefined;
  }

  /** Heads of the records of these persons, each once, in commit order. Tombstones included. */
  heads(persons: readonly PersonId[]): readonly VersionFact[] {
    return this.#versions(
      `SELECT DISTINCT v.* FROM ledger_head h
         JOIN ledger_version v ON v.recordId = h.recordId AND v.version = h.version
        WHERE h.personId IN (SELECT value FROM json_each(?)) ORDER BY v.channel, v.block, v.sequence`,
      JSON.stringify(persons),
    );
  }

  putRow<Kind extends FactKind>(
    fact: { readonly kind: Kind; readonly key: string; readonly person?: PersonId } & StoredFact<Kind>,
  ): void {
    this.#run(
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
    this.#run('DELETE FROM ledger_row WHERE channel = ? AND kind = ? AND key = ?', channel, kind, key);
  }

  row<Kind extends FactKind>(channel: string, kind: Kind, key: string): StoredFact<Kind> | undefined {
    const found = this.#get(
      'SELECT * FROM ledger_row WHERE channel = ? AND kind = ? AND key = ?',
      channel,
      kind,
      key,
    );
    return found === undefined ? undefined : toFact(found);
  }

  rows<Kind extends FactKind>(channel: string, kind: Kind): readonly StoredFact<Kind>[] {
    return this.#all('SELECT * FROM ledger_row WHERE channel = ? AND kind = ?', channel, kind).map(
      toFact<Kind>,
    );
  }

  rowsOfPerson<Kind extends FactKind>(person: PersonId, kind: Kind): readonly StoredFact<Kind>[] {
    return this.#all('SELECT * FROM ledger_row WHERE person = ? AND kind = ?', person, kind).map(
      toFact<Kind>,
    );
  }

  /** All ids of a person, by confirmed merges; the asked one alone when there are none. */
  personsOf(personId: PersonId): readonly PersonId[] {
    const found = new Set([personId]);
    for (const person of found) {
      for (const { row } of this.rowsOfPerson(person, 'link')) found.add(row.otherPersonId);
    }
    return [...found].sort();
  }

  /** Every id that a person has on the channels: merged ones, and those that the person's key is bound to elsewhere. */
  idsOf(channels: readonly string[], personId: PersonId): readonly PersonId[] {
    const keys = this.personsOf(personId).flatMap((person) => this.rowsOfPerson(person, 'binding'));
    const bound = channels.flatMap((channel) =>
      keys.flatMap(
        ({ row }) => this.row(channel, 'binding', `${row.mspId}/${row.userId}`)?.row.personId ?? [],
      ),
    );
    return [...new Set([personId, ...bound].flatMap((person) => this.personsOf(person)))].sort();
  }

  /** The person that stands for all of them. */
  resolve(personId: PersonId): PersonId {
    const links = this.personsOf(personId).flatMap((person) => this.rowsOfPerson(person, 'link'));
    const away = new Set(
      links
        .map(({ row }) => row)
        .filter((row) => row.personId !== row.intoPersonId)
        .map((row) => row.personId),
    );
    return this.personsOf(personId).find((person) => !away.has(person)) ?? personId;
  }

  personOfKey(mspId: string, userId: UserId): PersonId | undefined {
    const row = this.#get(
      "SELECT person FROM ledger_row WHERE kind = 'binding' AND key = ? ORDER BY channel",
      `${mspId}/${userId}`,
    ) as { readonly person: string } | undefined;
    return row?.person;
  }

  /** Whether any record, key or emergency on the channel is about the person. */
  isOnChannel(channel: string, personId: PersonId): boolean {
    const found = this.#get(
      `SELECT 1 FROM ledger_row WHERE person = ? AND channel = ?
        UNION SELECT 1 FROM ledger_head h JOIN ledger_version v ON v.recordId = h.recordId AND v.version = h.version
         WHERE h.personId = ? AND v.channel = ? LIMIT 1`,
      personId,
      channel,
      personId,
      channel,
    );
    return found !== undefined;
  }

  putServer(channel: string, mspId: string, certificate: string): void {
    this.#run('INSERT OR REPLACE INTO ledger_server VALUES (?, ?, ?)', channel, mspId, certificate);
  }

  /** PEM of the server of an organisation, by its last intake key or checkpoint on the ledger. */
  serverCertificate(channel: string, mspId: string): string | undefined {
    const row = this.#get(
      'SELECT certificate FROM ledger_server WHERE channel = ? AND mspId = ?',
      channel,
      mspId,
    );
    return row?.['certificate'] as string | undefined;
  }

  addMissing(recordId: RecordId, version: number): void {
    this.#run('INSERT OR IGNORE INTO exchange_missing VALUES (?, ?)', recordId, version);
  }

  removeMissing(recordId: RecordId, version: number): void {
    this.#run('DELETE FROM exchange_missing WHERE recordId = ? AND version = ?', recordId, version);
  }

  missingCount(): number {
    return (this.#get('SELECT count(*) AS n FROM exchange_missing') as { readonly n: number }).n;
  }

  /** Versions without plaintext, after a given one, in key order. */
  missing(
    after: { readonly recordId: RecordId; readonly version: number },
    limit: number,
  ): readonly { readonly recordId: RecordId; readonly version: number }[] {
    return this.#all(
      'SELECT recordId, version FROM exchange_missing WHERE (recordId, version) > (?, ?) ORDER BY recordId, version LIMIT ?',
      after.recordId,
      after.version,
      limit,
    ) as never;
  }

  #versions(sql: string, ...values: SQLInputValue[]): readonly VersionFact[] {
    return this.#all(sql, ...values).map((row) => toVersionFact(row as unknown as VersionColumns));
  }

  #all(sql: string, ...values: SQLInputValue[]) {
    return this.#statement(sql).all(...values);
  }

  #get(sql: string, ...values: SQLInputValue[]) {
    return this.#statement(sql).get(...values);
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
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

function toVersionFact(columns: VersionColumns): VersionFact {
  const { channel, kind, header, content, at, transactionId, block, sequence } = columns;
  const row = {
    kind,
    header: JSON.parse(header) as VersionRow['header'],
    ...(content === null ? {} : { content: JSON.parse(content) as VersionRow['content'] }),
    at,
    transactionId,
    position: sequence % SEQUENCES_PER_TRANSACTION,
  };
  return { channel, row: row as VersionRow, blockNumber: block, sequence };
}

/** More than the operations of one transaction: `sequence` = index of the transaction × this + position. */
export const SEQUENCES_PER_TRANSACTION = 8_192;

function toFact<Kind extends FactKind>(columns: Record<string, unknown>): StoredFact<Kind> {
  return {
    channel: columns['channel'] as string,
    row: JSON.parse(columns['row'] as string) as FactRows[Kind],
    transactionId: columns['transactionId'] as string,
    blockNumber: columns['block'] as number,
  };
}
