import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CONFIDENTIALITIES, type RecordLabels } from '@healthchain/core';
import type { PlainResource } from '../fhir/resource.ts';
import { dateInterval } from '../fhir/intervals.ts';
import type { IndexWriter } from '../search/writer.ts';
import type { AccessClasses } from './access.ts';
import { StoreError } from './errors.ts';
import { positionOf } from './schema.ts';
import type { CommittedVersion } from './types.ts';

/** Applies one committed version at a time; the caller holds the transaction. */
export class CommitApplier {
  private readonly insertVersion: StatementSync;
  private readonly findHead: StatementSync;
  private readonly insertHead: StatementSync;
  private readonly updateHead: StatementSync;
  private readonly earlier: StatementSync;
  private readonly setStrict: StatementSync;
  private readonly index: IndexWriter;
  private readonly classes: AccessClasses;

  constructor(database: DatabaseSync, index: IndexWriter, classes: AccessClasses) {
    this.index = index;
    this.classes = classes;
    this.insertVersion = database.prepare(
      'INSERT OR IGNORE INTO record_version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.findHead = database.prepare('SELECT key, version FROM head WHERE type = ? AND id = ?');
    this.insertHead = database.prepare(
      'INSERT INTO head (type, id, version, updated, position, deleted, class) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.updateHead = database.prepare(
      'UPDATE head SET version = ?, updated = ?, position = ?, deleted = ?, class = ? WHERE key = ?',
    );
    this.earlier = database.prepare(
      `SELECT v.version, c.type, c.author, c.persons, c.labels FROM record_version v JOIN access_class c ON c.id = v.class
       WHERE v.type = ? AND v.id = ?`,
    );
    this.setStrict = database.prepare(
      'UPDATE record_version SET strict = ? WHERE type = ? AND id = ? AND version = ?',
    );
  }

  apply(version: CommittedVersion): void {
    const row = { ...version, updated: instant(version.lastUpdated), class: this.classes.idOf(version) };
    const position = positionOf(version.blockNumber, version.sequence);
    if (!this.addVersion(row, position)) return;
    const head = this.findHead.get(version.type, version.id);
    if (head === undefined) return this.firstHead(row, position);
    this.restrictHistory(version);
    if (Number(head['version']) < version.version) this.moveHead(Number(head['key']), row, position);
  }

  private addVersion(row: Applied, position: number): boolean {
    const { type, id, version, lastUpdated, updated, channel, transactionId, blockNumber, sequence, text } =
      row;
    const facts = [lastUpdated, updated, position, row.class, row.class] as const;
    const place = [channel, transactionId, blockNumber, sequence] as const;
    const added = this.insertVersion.run(type, id, version, ...facts, ...place, text);
    return Number(added.changes) === 1;
  }

  private firstHead(row: Applied, position: number): void {
    const { type, id, version, updated, text } = row;
    const added = this.insertHead.run(type, id, version, updated, position, text === null ? 1 : 0, row.class);
    if (text !== null) this.index.add(Number(added.lastInsertRowid), JSON.parse(text) as PlainResource);
  }

  private moveHead(key: number, row: Applied, position: number): void {
    const { version, updated, text } = row;
    this.updateHead.run(version, updated, position, text === null ? 1 : 0, row.class, key);
    this.index.remove(key);
    if (text !== null) this.index.add(key, JSON.parse(text) as PlainResource);
  }

  /** Every version of the record is henceforth judged by the strictest labels of any of them. */
  private restrictHistory({ type, id }: CommittedVersion): void {
    const versions = this.earlier.all(type, id);
    const labels = versions.map((row) => JSON.parse(String(row['labels'])) as RecordLabels | null);
    const strictest = strictestOf(labels.filter((each) => each !== null));
    versions.forEach((row, at) => {
      const own = labels[at] ?? null;
      const strict = this.classes.idOf({
        type,
        author: String(row['author']),
        persons: JSON.parse(String(row['persons'])) as string[],
        labels: own === null ? null : { ...own, ...strictest },
      });
      this.setStrict.run(strict, type, id, Number(row['version']));
    });
  }
}

type Applied = CommittedVersion & { readonly updated: number; readonly class: number };

function strictestOf(all: readonly RecordLabels[]): Pick<RecordLabels, 'confidentiality' | 'sensitivities'> {
  const confidentiality =
    CONFIDENTIALITIES.findLast((level) => all.some((each) => each.confidentiality === level)) ?? 'N';
  return { confidentiality, sensitivities: [...new Set(all.flatMap((each) => each.sensitivities))].sort() };
}

/** @throws StoreError BAD_INSTANT */
export function instant(text: string): number {
  const interval = dateInterval(text);
  if (interval === undefined) throw new StoreError('BAD_INSTANT', `Not a FHIR instant: ${text}`);
  return interval.low;
}
