import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { PlainResource } from '../fhir/resource.ts';
import { extractRows } from './extract.ts';
import { parameterName } from './parameters-of.ts';
import { INDEX_TABLES, type IndexTable } from './tables.ts';

const COLUMNS: Readonly<Record<IndexTable, number>> = {
  idx_token: 2,
  idx_string: 2,
  idx_date: 2,
  idx_number: 5,
  idx_reference: 1,
  idx_uri: 1,
  idx_composite: 9,
};

/** Writes and removes the index rows of one resource; the caller holds the transaction. */
export class IndexWriter {
  private readonly inserts: ReadonlyMap<IndexTable, StatementSync>;
  private readonly removals: readonly StatementSync[];
  private readonly parameters = new Map<string, number>();
  private readonly allParameters: StatementSync;
  private readonly addParameter: StatementSync;
  private readonly bases: readonly string[];
  private readonly only: ReadonlySet<string> | undefined;

  /** @param only the parameters to index (`Type.code`); undefined: all */
  constructor(database: DatabaseSync, bases: readonly string[], only?: ReadonlySet<string>) {
    this.bases = bases;
    this.only = only;
    this.inserts = new Map(INDEX_TABLES.map((table) => [table, database.prepare(insertInto(table))]));
    this.removals = INDEX_TABLES.map((table) => database.prepare(`DELETE FROM ${table} WHERE key = ?`));
    this.addParameter = database.prepare('INSERT INTO parameter (type, code) VALUES (?, ?)');
    this.allParameters = database.prepare('SELECT id, type, code FROM parameter');
    this.reload();
  }

  add(key: number, resource: PlainResource): void {
    for (const { table, code, values } of extractRows(resource, this.bases, this.only)) {
      this.inserts.get(table)?.run(this.parameterId(resource.resourceType, code), ...values, key);
    }
  }

  remove(key: number): void {
    for (const removal of this.removals) removal.run(key);
  }

  /** Reads the interned parameters again: after a rollback or a clear, ids in memory may not be in the file. */
  reload(): void {
    this.parameters.clear();
    for (const row of this.allParameters.all())
      this.parameters.set(
        parameterName({ type: String(row['type']), code: String(row['code']) }),
        Number(row['id']),
      );
  }

  private parameterId(type: string, code: string): number {
    const name = parameterName({ type, code });
    const known = this.parameters.get(name);
    if (known !== undefined) return known;
    const id = Number(this.addParameter.run(type, code).lastInsertRowid);
    this.parameters.set(name, id);
    return id;
  }
}

function insertInto(table: IndexTable): string {
  return `INSERT INTO ${table} VALUES (?, ${'?, '.repeat(COLUMNS[table])}?)`;
}
