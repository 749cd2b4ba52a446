import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Draws } from './draws.ts';
import { survivalOf } from './survival.ts';

/** How often the files are read again because LevelDB changed them meanwhile. */
const MAX_READINGS = 1000;

/**
 * What a power cut leaves of a LevelDB that is written without syncs: its tables and manifest, which it syncs itself, and any
 * part of its logs. A folder that nobody has synced may be gone as a whole.
 */
export function tornLevel(isFolderDurable: boolean) {
  return (from: string, to: string, draws: Draws): void => {
    if (!isFolderDurable && draws.onceIn(4)) return;
    mkdirSync(to, { recursive: true });
    for (const [name, bytes] of stillFiles(from)) {
      const left = name.endsWith('.log') ? survivalOf(bytes, 0, draws).bytes : bytes;
      writeFileSync(join(to, name), left);
    }
  };
}

/** All files as they were at one moment: LevelDB's own thread may merge tables. */
function stillFiles(folder: string): ReadonlyMap<string, Buffer> {
  for (let reading = 0; reading < MAX_READINGS; reading++) {
    const files = readFiles(folder);
    const again = files && readFiles(folder);
    if (files !== undefined && again !== undefined && isSame(files, again)) return files;
  }
  throw new Error(`${folder} does not stand still`);
}

function readFiles(folder: string): Map<string, Buffer> | undefined {
  try {
    return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isSame(one: ReadonlyMap<string, Buffer>, other: ReadonlyMap<string, Buffer>): boolean {
  return (
    one.size === other.size && [...one].every(([name, bytes]) => other.get(name)?.equals(bytes) === true)
  );
}
