import { closeSync, fchmodSync, openSync } from 'node:fs';

/**
 * Sees to it that the file is there and that its owner alone may read it, before anything is written. SQLite gives what it keeps
 * beside a database the same mode.
 */
export function ownerOnly(path: string): string {
  const file = openSync(path, 'a', 0o600);
  try {
    fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
  return path;
}
