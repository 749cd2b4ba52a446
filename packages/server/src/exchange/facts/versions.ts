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

/** Which of a person's heads are asked for; everything that is not said is no condition. */
export interface HeadsWanted {
  /** At least one of these. */
  readonly categories?: readonly string[];
  /** Not by a user of this organisation. */
  readonly notBy?: string;
}

/** Without the ciphertext. */
const COLUMNS = 'v.channel, v.kind, v.header, v.content, v.at, v.transactionId, v.block, v.sequence';

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
    const { recordId, version, persons, author, categories } = row.header;
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
      this.run(
        'INSERT OR REPLACE INTO ledger_head VALUES (?, ?, ?, ?, ?, ?)',
        person,
        recordId,
        version,
        row.kind,
        author.mspId,
        JSON.stringify(categories),
      );
    }
  }

  /** Oldest first. */
  versions(recordId: RecordId): readonly VersionFact[] {
    return this.#versions('v.recordId = ? ORDER BY v.version', recordId);
  }

  version(recordId: RecordId, version: number): VersionFact | undefined {
    return this.#versions('v.recordId = ? AND v.version = ?', recordId, version)[0];
  }

  /** In the order of the transaction's operations. */
  versionsOfTransaction(transactionId: string, limit: number): readonly VersionFact[] {
    return this.#versions('v.transactionId = ? ORDER BY v.sequence LIMIT ?', transactionId, limit);
  }

  ciphertext(recordId: RecordId, version: number): Uint8Array | undefined {
    const row = this.get(
      'SELECT ciphertext FROM ledger_version WHERE recordId = ? AND version = ?',
      recordId,
      version,
    ) as { readonly ciphertext: Uint8Array | null } | undefined;
    return row?.ciphertext ?? undefined;
  }

  /** Heads of the records of these persons, each once, in commit order. Tombstones left out. */
  heads(persons: readonly PersonId[], { categories, notBy }: HeadsWanted = {}): readonly VersionFact[] {
    // Quoted, as the list holds it; so no category is found inside another's name.
    const quoted = categories?.map((category) => JSON.stringify(category)) ?? [];
    const filed =
      categories === undefined
        ? ''
        : `AND (${quoted.map(() => 'instr(h.categories, ?) > 0').join(' OR ') || 'FALSE'})`;
    return this.#versions(
      `(v.recordId, v.version) IN (
         SELECT h.recordId, h.version FROM ledger_head h
          WHERE h.personId IN (SELECT value FROM json_each(?)) AND h.kind <> 'retract' AND h.author IS NOT ? ${filed})
       ORDER BY v.channel, v.block, v.sequence`,
      JSON.stringify(persons),
      notBy ?? null,
      ...quoted,
    );
  }

  #versions(condition: string, ...values: SQLInputValue[]): readonly VersionFact[] {
    const rows = this.all(`SELECT ${COLUMNS} FROM ledger_version v WHERE ${condition}`, ...values);
    return rows.map((row) => toVersionFact(row as unknown as VersionColumns));
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
