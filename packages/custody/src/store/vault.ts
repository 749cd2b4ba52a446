import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CONFIDENTIALITIES, SENSITIVITIES, type RecordLabels } from '@healthchain/core';
import type { IntakeEvent, RejectedShare } from '../custodian/facts.ts';
import { decodeLabels, encodeLabels } from '../envelope/labels.ts';
import { CustodyError } from '../errors.ts';
import type { Tip } from '../ports.ts';
import type { Share } from '../shares/shares.ts';
import { openDatabase, transaction } from './database.ts';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS shares (
  record_id TEXT NOT NULL, version INTEGER NOT NULL, epoch INTEGER NOT NULL, share_index INTEGER NOT NULL,
  y BLOB NOT NULL, labels BLOB NOT NULL, persons TEXT NOT NULL, author_msp TEXT NOT NULL, author_user TEXT NOT NULL, height INTEGER NOT NULL,
  PRIMARY KEY (record_id, version, epoch)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rejected (
  height INTEGER NOT NULL, transaction_id TEXT NOT NULL, author_msp TEXT NOT NULL, author_user TEXT NOT NULL,
  record_id TEXT, version INTEGER, reason TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS rejected_by_height ON rejected (height);
CREATE TABLE IF NOT EXISTS intake_keys (key_id TEXT PRIMARY KEY, last_height INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY CHECK (one = 1), height INTEGER NOT NULL,
  header_hash TEXT NOT NULL) STRICT;`;

/** Rows of one answer of `rejected`. */
const REJECTED_PAGE = 1_000;

/** A share with what the gate needs to decide about it. */
export interface VaultShare {
  readonly share: Share;
  readonly labels: RecordLabels;
  /** Sorted person ids. */
  readonly persons: readonly string[];
  /** Who signed the write. */
  readonly author: { readonly mspId: string; readonly userId: string };
}

/** What one block brings. */
export interface VaultBlock extends Tip {
  readonly shares: readonly VaultShare[];
  readonly rejected: readonly RejectedShare[];
  readonly intakeEvents: readonly IntakeEvent[];
}

export interface IntakeKeyState {
  readonly keyId: string;
  /** H of closing(H); null while open. */
  readonly lastHeight: number | null;
}

/** The shares that one custodian holds, in a file of its own that is never backed up (custody.md section 3). */
export class Vault {
  readonly #database: DatabaseSync;
  readonly #newestShare: StatementSync;
  readonly #progress: StatementSync;
  readonly #setProgress: StatementSync;
  readonly #insertShare: StatementSync;
  readonly #labels: StatementSync;

  /** @throws CustodyError STORE_MISMATCH */
  constructor(file: string, owner: { readonly channel: string; readonly mspId: string }) {
    this.#database = openDatabase(file, { format: 'healthchain/v1/vault', ...owner }, SCHEMA);
    this.#progress = this.#database.prepare('SELECT height, header_hash FROM progress');
    this.#setProgress = this.#database.prepare(
      'INSERT OR REPLACE INTO progress (one, height, header_hash) VALUES (1, ?, ?)',
    );
    this.#insertShare = this.#database.prepare(
      'INSERT OR REPLACE INTO shares VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#newestShare = this.#database.prepare(
      'SELECT * FROM shares WHERE record_id = ? AND version = ? ORDER BY epoch DESC LIMIT 1',
    );
    this.#labels = this.#database.prepare('SELECT version, labels FROM shares WHERE record_id = ?');
  }

  get progress(): Tip | undefined {
    const row = this.#progress.get();
    if (row === undefined) return undefined;
    return { height: Number(row['height']), headerHash: String(row['header_hash']) };
  }

  /**
   * Shares, states of keys and progress of one block, all or none. Durable on return, with everything taken before, when `synced`
   * says so; else a power cut may undo the last blocks, which come again from the ledger while the intake keys are there.
   *
   * @throws CustodyError OUT_OF_ORDER
   */
  take(block: VaultBlock, { synced }: { readonly synced: boolean }): void {
    const expected = (this.progress?.height ?? -1) + 1;
    if (block.height !== expected) {
      throw new CustodyError('OUT_OF_ORDER', `Block ${block.height} came where ${expected} is due`);
    }
    this.#database.exec(`PRAGMA synchronous = ${synced ? 'full' : 'normal'}`);
    transaction(this.#database, () => {
      this.#insertShares(block);
      this.#insertRejected(block.rejected);
      this.#applyIntakeEvents(block.intakeEvents);
      this.#setProgress.run(block.height, block.headerHash);
    });
  }

  /** The share of the newest epoch that this custodian holds. */
  find(recordId: string, version: number): VaultShare | undefined {
    const row = this.#newestShare.get(recordId, version);
    if (row === undefined) return undefined;
    return {
      share: {
        recordId,
        version,
        epoch: Number(row['epoch']),
        index: Number(row['share_index']),
        y: new Uint8Array(row['y'] as Uint8Array),
      },
      labels: decodeLabels(row['labels'] as Uint8Array),
      persons: JSON.parse(String(row['persons'])) as string[],
      author: { mspId: String(row['author_msp']), userId: String(row['author_user']) },
    };
  }

  /**
   * The labels by which access to a held version is decided: its own, but of a former version the strictest that any version of
   * the record carries, so that what was labelled later protects what was written before (health.md section 5).
   */
  judged({ share: { recordId, version }, labels }: VaultShare): RecordLabels {
    const rows = this.#labels.all(recordId);
    if (rows.every((row) => Number(row['version']) <= version)) return labels;
    const all = rows.map((row) => decodeLabels(row['labels'] as Uint8Array));
    return {
      categories: labels.categories,
      confidentiality:
        CONFIDENTIALITIES.findLast((level) => all.some(({ confidentiality }) => confidentiality === level)) ??
        labels.confidentiality,
      sensitivities: SENSITIVITIES.filter((code) =>
        all.some(({ sensitivities }) => sensitivities.includes(code)),
      ).toSorted(),
    };
  }

  intakeKeys(): IntakeKeyState[] {
    const rows = this.#database.prepare('SELECT key_id, last_height FROM intake_keys ORDER BY key_id').all();
    return rows.map((row) => ({
      keyId: String(row['key_id']),
      lastHeight: row['last_height'] === null ? null : Number(row['last_height']),
    }));
  }

  rejected(fromHeight: number): RejectedShare[] {
    const rows = this.#database
      .prepare('SELECT * FROM rejected WHERE height >= ? ORDER BY height, rowid LIMIT ?')
      .all(fromHeight, REJECTED_PAGE);
    return rows.map((row) => ({
      height: Number(row['height']),
      transactionId: String(row['transaction_id']),
      author: { mspId: String(row['author_msp']), userId: String(row['author_user']) },
      ...(row['record_id'] === null
        ? {}
        : { record: { recordId: String(row['record_id']), version: Number(row['version']) } }),
      reason: row['reason'] as RejectedShare['reason'],
    }));
  }

  close(): void {
    this.#database.close();
  }

  #insertShares(block: VaultBlock): void {
    for (const { share, labels, persons, author } of block.shares) {
      const { recordId, version, epoch, index, y } = share;
      const facts = [JSON.stringify(persons), author.mspId, author.userId, block.height] as const;
      this.#insertShare.run(recordId, version, epoch, index, y, encodeLabels(labels), ...facts);
    }
  }

  #insertRejected(rejected: readonly RejectedShare[]): void {
    if (rejected.length === 0) return;
    const insert = this.#database.prepare('INSERT INTO rejected VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const { height, transactionId, author, record, reason } of rejected) {
      const named = [record?.recordId ?? null, record?.version ?? null] as const;
      insert.run(height, transactionId, author.mspId, author.userId, ...named, reason);
    }
  }

  #applyIntakeEvents(events: readonly IntakeEvent[]): void {
    if (events.length === 0) return;
    const open = this.#database.prepare(
      'INSERT OR IGNORE INTO intake_keys (key_id, last_height) VALUES (?, NULL)',
    );
    const closing = this.#database.prepare('UPDATE intake_keys SET last_height = ? WHERE key_id = ?');
    for (const event of events) {
      open.run(event.keyId);
      if (event.kind === 'closing') closing.run(event.lastHeight, event.keyId);
    }
  }
}
