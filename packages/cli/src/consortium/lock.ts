import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CliError } from '../error.ts';

const SQLITE_BUSY = 5;

/** What keeps others from a data directory until it is released. */
export interface DataLock {
  release(): void;
}

/**
 * Takes a data directory for this process; undefined when another has it. The operating system holds the lock, so it ends with its
 * process, however that ends. SQLite takes it in the form that the platform has.
 */
export function tryLock(data: string): DataLock | undefined {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(data, 'lock'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

/** @throws CliError ALREADY_RUNNING */
export function lockData(data: string): DataLock {
  const lock = tryLock(data);
  if (lock !== undefined) return lock;
  throw new CliError('ALREADY_RUNNING', `Another process uses ${data}`, {
    details: {
      hint: `Its process id is in ${join(data, 'run.json')} once it runs: end it with Ctrl-C or kill, or use another folder with --data.`,
    },
  });
}
