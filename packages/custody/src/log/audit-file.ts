import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CoreError } from '@healthchain/core';
import { auditLog, type AuditFinding } from './audit.ts';
import type { Checkpoint } from './checkpoint.ts';
import { allEntries } from './log-store.ts';
import { StoredTree } from './stored-tree.ts';

export interface LogFileReport {
  /** Entries that the file holds; 0 when it cannot be read. */
  readonly entries: number;
  readonly findings: readonly AuditFinding[];
}

/**
 * Audits the access log in a file, whether its custodian runs or not, against its last checkpoint on the ledger. Writes nothing.
 * A file that is not there is an empty log; one that cannot be read is UNREADABLE as a whole.
 */
export function auditLogFile(file: string, checkpoint: Checkpoint | undefined): LogFileReport {
  if (!existsSync(file)) {
    const findings = checkpoint === undefined ? [] : [{ sequence: 0, code: 'CHECKPOINT_DIFFERS' } as const];
    return { entries: 0, findings };
  }
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.exec('BEGIN');
    const store = { all: () => allEntries(database) };
    const findings = auditLog(store, new StoredTree(database), checkpoint);
    const row = database.prepare('SELECT count(*) AS entries FROM entries').get();
    return { entries: Number(row?.['entries'] ?? 0), findings };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { entries: 0, findings: [{ sequence: 0, code: 'UNREADABLE' }] };
  } finally {
    database.close();
  }
}

/** What SQLite says of a damaged file, and the tree of a table that lacks nodes. */
function isUnreadable(error: unknown): boolean {
  if (error instanceof CoreError) return true;
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
}
