import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { batchEntries } from './batch.ts';
import { readLogFile, type FileDamage } from './log-file.ts';
import { liveFilesOf, type LiveFiles } from './manifest.ts';
import { readTable, type LevelEntry } from './table-file.ts';

export type { FileDamage } from './log-file.ts';

/** What the files of a closed LevelDB hold. */
export interface LevelContent {
  /** Live rows by the latin1 text of their keys; a row of a damaged block may be there, changed or not. */
  readonly rows: ReadonlyMap<string, Uint8Array>;
  readonly damages: readonly FileDamage[];
}

/**
 * Reads a LevelDB from its files, checking every checksum and writing nothing. LevelDB itself checks none of its tables, skips what it
 * cannot read of its log, and ends the process when a changed key breaks the order of a table.
 */
export async function readLevel(directory: string): Promise<LevelContent> {
  const rows = new Map<string, LevelEntry>();
  const damages = await eachEntry(directory, (entry) => {
    const name = entry.key.toString('latin1');
    if ((rows.get(name)?.sequence ?? -1n) <= entry.sequence) rows.set(name, entry);
  });
  const live = [...rows].flatMap(([name, { value }]): [string, Uint8Array][] =>
    value === undefined ? [] : [[name, value]],
  );
  return { rows: new Map(live), damages };
}

/** Every damage of the files of a closed LevelDB; none where there is no LevelDB yet. */
export function auditLevel(directory: string): Promise<readonly FileDamage[]> {
  return eachEntry(directory, () => undefined);
}

async function eachEntry(
  directory: string,
  take: (entry: LevelEntry) => void,
): Promise<readonly FileDamage[]> {
  const names = await readdir(directory).catch((): string[] => []);
  if (!names.includes('CURRENT')) return [];
  const damages: FileDamage[] = [];
  const report = (file: string, found: readonly Omit<FileDamage, 'file'>[]): void => {
    damages.push(...found.map((damage) => ({ file: join(directory, file), ...damage })));
  };
  const live = await liveFiles(directory, report);
  for (const number of live?.tables ?? []) {
    const name = `${String(number).padStart(6, '0')}.ldb`;
    const bytes = await readFile(join(directory, name)).catch(() => new Uint8Array());
    const { entries, damages: found } = readTable(bytes);
    entries.forEach(take);
    report(name, found);
  }
  for (const name of live === undefined ? [] : logsOf(names, live)) {
    const { records, damages: found } = readLogFile(await readFile(join(directory, name)));
    for (const record of records) for (const entry of batchEntries(record)) take(entry);
    report(name, found);
  }
  return damages;
}

async function liveFiles(
  directory: string,
  report: (file: string, found: readonly Omit<FileDamage, 'file'>[]) => void,
): Promise<LiveFiles | undefined> {
  const current = (await readFile(join(directory, 'CURRENT'), 'latin1')).trimEnd();
  if (!/^MANIFEST-\d+$/.test(current)) {
    report('CURRENT', [{ offset: 0, what: 'the name of the manifest' }]);
    return undefined;
  }
  const bytes = await readFile(join(directory, current)).catch(() => new Uint8Array());
  const { records, damages } = readLogFile(bytes);
  report(current, damages);
  if (records.length === 0) report(current, [{ offset: 0, what: 'the manifest' }]);
  return records.length === 0 ? undefined : liveFilesOf(records);
}

function logsOf(names: readonly string[], { log, previousLog }: LiveFiles): string[] {
  return names
    .filter((name) => name.endsWith('.log'))
    .filter((name) => {
      const number = Number.parseInt(name, 10);
      return number >= log || number === previousLog;
    })
    .sort();
}
