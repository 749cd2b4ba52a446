import type { SQLInputValue } from 'node:sqlite';
import type { VersionRow } from '@healthchain/contracts';
import type { PersonId, RecordId } from '@healthchain/core';
import { FactTables } from './tables.ts';

/** One version as the blocks show it. */
export interface VersionFact {
  readonly channel: string;
  readonly row: VersionRow;
  readonly blockNumber: number;
  /** Place within the block. */
  readonly sequence: number;
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

/** Every version of every record on the circles of this server, and the heads under each person. */
export class VersionFacts extends FactTables {
  /** The version becomes the head of its record under each of its persons. */
  putVersion(fact: VersionFact, ciphertext: Uint8Array | undefined): void {
    const { row } = fact;
    const { recordId, version, persons, author } = row.header;
    this.run(
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
      this.run('INSERT OR REPLACE INTO ledger_head VALUES (?, ?, ?)', person, recordId, version);
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
    const row = this.get(
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

  #versions(sql: string, ...values: SQLInputValue[]): readonly VersionFact[] {
    return this.all(sql, ...values).map((row) => toVersionFact(row as unknown as VersionColumns));
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
